import { isFinished } from "../../../local/host/durable/loaded-instance.ts";
import type { InstanceRow } from "../../../local/host/durable/storage.ts";
import type { World } from "../world.ts";

/** How late a timer may be while a host runs, in milliseconds. */
export const TIMER_LATENESS_MS = 1000;

/** A start of what had ended before the starter began to look is a start of what nobody needs. */
export function checkStart(world: World, instance: InstanceRow, settledAt: number | undefined): void {
  const { starting, documents } = world;
  if (settledAt === undefined || !starting || starting.began <= settledAt) return;
  const stored = instance.name === "pipelineRun" ? documents.read("runs", instance.id)?.value : documents.read(instance.id, "step")?.value;
  const isSettled = JSON.stringify(stored ?? null).match(/"settled":true|"settledKey":/) !== null;
  if (isSettled) world.violated("ended-stays-ended", `${starting.name} starts ${instance.name} ${instance.id}, which had ended before`);
}

export function checkChange(world: World, before: InstanceRow, after: InstanceRow): void {
  if (isFinished(before.status)) world.violated("ends-are-final", `${before.id} was ${before.status} and is made ${after.status}`);
  if (after.status === "Failed" || after.status === "Terminated")
    world.violated("no-bugs", `orchestration ${after.name} ${after.id} ended as ${after.status}: ${after.output}`);
}

export function checkTimers(world: World): void {
  const { host, instances, scheduler, hostSince, scenario } = world;
  // A clock that jumps on makes every timer of the machine late by as much.
  if (!host || scheduler.now - hostSince < TIMER_LATENESS_MS || scenario.jumps.some(({ byMs }) => byMs > 0)) return;
  const next = instances.nextTimer();
  if (next !== undefined && next < world.wallTime() - TIMER_LATENESS_MS)
    world.violated("timers-on-time", `a timer is late by ${world.wallTime() - next} ms`);
}
