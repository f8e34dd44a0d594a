import type { WatchedRole } from "../watch/orders.ts";
import type { Stack } from "./cpu-profile.ts";
import { STAGES, type Stage, stageOf } from "./stages.ts";

export interface StageTime {
  role: WatchedRole;
  stage: Stage;
  /** For one step (or request). */
  milliseconds: number;
  /** Of what this process was busy with, from 0 to 1; of idling, of all its time. */
  share: number;
}

/** Parts a process's time by stage; stages that took none are left out. @param units Steps or requests in the stretch. */
export function attribute(role: WatchedRole, stacks: readonly Stack[], units: number): StageTime[] {
  const times = new Map<Stage, number>();
  for (const { frames, microseconds } of stacks) {
    const stage = stageOf(frames, role);
    times.set(stage, (times.get(stage) ?? 0) + microseconds);
  }
  const all = [...times.values()].reduce((sum, time) => sum + time, 0);
  const busy = all - (times.get("idle") ?? 0);
  return STAGES.flatMap((stage): StageTime[] => {
    const time = times.get(stage);
    if (time === undefined || time === 0) return [];
    return [{ role, stage, milliseconds: time / 1000 / units, share: time / (stage === "idle" ? all : busy) }];
  });
}

/** The functions that took most time themselves, native code counted to whoever called it. */
export function hottest(stacks: readonly Stack[], most: number): { name: string; microseconds: number }[] {
  const times = new Map<string, number>();
  for (const { frames, microseconds } of stacks) {
    const place = frames.findIndex(({ source }) => source !== "" && !source.startsWith("bench/"));
    const frame = frames[place];
    if (!frame) continue;
    const native = place > 0 ? ` → ${frames[0]?.name}` : "";
    const name = `${frame.name}${native} (${frame.source}:${frame.line})`;
    times.set(name, (times.get(name) ?? 0) + microseconds);
  }
  return [...times]
    .map(([name, microseconds]) => ({ name, microseconds }))
    .sort((a, b) => b.microseconds - a.microseconds)
    .slice(0, most);
}
