import { isFinished } from "../../../local/host/durable/loaded-instance.ts";
import type { InstanceRow } from "../../../local/host/durable/storage.ts";
import type { World } from "../world.ts";

/** How late a timer may be while a host runs, in milliseconds. */
export const TIMER_LATENESS_MS = 1000;

/** Where and when it was written that a run or step has ended. */
export interface End {
  readonly at: number;
  readonly pk: string;
  readonly sk: string;
}

/** The run that has ended by this document, or the step: its run knows that by the marker. */
export function endedBy(pk: string, sk: string, body: string): string | undefined {
  if (sk.startsWith("settled:")) return (JSON.parse(body) as { stepRunId: string }).stepRunId;
  return pk === "runs" && (JSON.parse(body) as { settled: boolean }).settled ? sk : undefined;
}

/** A start of what had ended before the starter began to look is a start of what nobody needs, unless the end was lost since. */
export function checkStart(world: World, instance: InstanceRow, end: End | undefined): void {
  const { starting, documents } = world;
  if (!end || !starting || starting.began <= end.at) return;
  const there = documents.read(end.pk, end.sk)?.value;
  if (there !== undefined && endedBy(end.pk, end.sk, JSON.stringify(there)) !== undefined)
    world.violated("ended-stays-ended", `${starting.name} starts ${instance.name} ${instance.id}, which had ended before`);
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
