import { spawn } from "node:child_process";
import type { Role } from "./role.ts";

export interface SpawnRequest {
  /** `fan`: one, then all but two beside one another, then one. */
  shape: "chain" | "fan";
  steps: number;
  slots: number;
}

/** The bare floor: the same processes in the same order, by a Node program that does nothing else. Answers milliseconds. */
export async function openSpawner(_args: readonly string[]): Promise<Role> {
  for (let n = 0; n < 5; n++) await step();
  return async ({ shape, steps, slots }: SpawnRequest): Promise<number> => {
    const began = performance.now();
    if (shape === "chain") await inSlots(steps, 1);
    else {
      await step();
      await inSlots(steps - 2, slots);
      await step();
    }
    return performance.now() - began;
  };
}

async function inSlots(steps: number, slots: number): Promise<void> {
  let left = steps;
  await Promise.all(
    Array.from({ length: slots }, async () => {
      while (left-- > 0) await step();
    }),
  );
}

function step(): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("sh", ["-c", "true"], { stdio: "ignore" });
    child.once("error", reject);
    child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`sh ended with ${code}`))));
  });
}
