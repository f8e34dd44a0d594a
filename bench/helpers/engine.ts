import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Shape, stepsOf } from "../support/pipelines.ts";
import { EngineRig } from "./engine-rig.ts";
import type { Role } from "./role.ts";

export interface EngineRequest {
  shape: Shape;
  steps: number;
}

/** The engine with the app's orchestrators and services and a back-end that ends at once. Answers milliseconds from submit to the run's end. */
export async function openEngine([folder = ""]: readonly string[]): Promise<Role> {
  const timeRun = async ({ shape, steps }: EngineRequest): Promise<number> => {
    const own = mkdtempSync(join(folder, "engine-"));
    const rig = await EngineRig.open(own);
    try {
      return await rig.timeRun(stepsOf(shape, steps));
    } finally {
      await rig.close();
      rmSync(own, { recursive: true, force: true });
    }
  };
  await timeRun({ shape: "layers", steps: 200 });
  return timeRun;
}
