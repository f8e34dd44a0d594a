import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { waitUntil } from "../support/wait-until.ts";
import { BenchWorkspace } from "../support/workspace.ts";
import { WATCHED_ROLES, type WatchedRole, type WatchedStretch } from "../watch/orders.ts";
import { watching } from "../watch/watching.ts";
import type { Scenario } from "./scenarios.ts";

export interface Recorded {
  units: number;
  milliseconds: number;
  stretches: Record<WatchedRole, WatchedStretch>;
  /** With `<role>.cpuprofile`. */
  folder: string;
}

/** Runs a scenario in a workspace whose processes are watched. */
export async function record(scenario: Scenario, folder: string): Promise<Recorded> {
  const watch = join(folder, "watch");
  await using workspace = await BenchWorkspace.start({ folder, env: watching(watch) });
  await scenario.warm(workspace);
  await toggle(workspace, watch, "began");
  const ran = await scenario.run(workspace);
  await toggle(workspace, watch, "json");
  const stretchOf = (role: WatchedRole): WatchedStretch => JSON.parse(readFileSync(join(watch, `${role}.json`), "utf8"));
  return { ...ran, folder: watch, stretches: { host: stretchOf("host"), "stand-ins": stretchOf("stand-ins") } };
}

async function toggle(workspace: BenchWorkspace, watch: string, leaves: string): Promise<void> {
  for (const role of WATCHED_ROLES)
    await waitUntil(() => existsSync(join(watch, `${role}.ready`)) || undefined, `the ${role} to be watched`);
  for (const pid of [workspace.hostPid, workspace.standInsPid]) process.kill(pid, "SIGUSR2");
  for (const role of WATCHED_ROLES) await waitUntil(() => existsSync(join(watch, `${role}.${leaves}`)) || undefined, `${role}.${leaves}`);
}
