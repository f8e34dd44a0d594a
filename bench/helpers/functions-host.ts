import { cpSync, existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { startHost } from "../../local/host/host.ts";
import { APPS, ROOT } from "../support/paths.ts";
import { residentBytes } from "../support/proc.ts";
import type { Role } from "./role.ts";

/** Opens every function of the host; the bench is the only caller. */
export const MASTER_KEY = "bench-master-key";

export type HostQuestion = { kind: "where" } | { kind: "done" } | { kind: "memory" };

/** The embedded host with one of `bench/apps`: arguments are the app's name and a folder, which holds the state across starts. */
export async function openFunctionsHost([app = "", folder = ""]: readonly string[]): Promise<Role> {
  const appRoot = join(folder, "app");
  if (!existsSync(appRoot)) {
    mkdirSync(folder, { recursive: true });
    cpSync(join(APPS, app), appRoot, { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(appRoot, "node_modules"));
  }
  const host = await startHost({ appRoot, stateFolder: join(folder, "state"), port: 0, masterKey: MASTER_KEY });
  return async ({ kind }: HostQuestion) => {
    switch (kind) {
      case "where":
        return { port: host.port };
      case "done":
        return (globalThis as { benchDone?: number }).benchDone ?? 0;
      case "memory":
        for (let n = 0; n < 3; n++) (globalThis as { gc?: () => void }).gc?.();
        return residentBytes(process.pid);
    }
  };
}
