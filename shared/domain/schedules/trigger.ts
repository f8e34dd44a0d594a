import { z } from "zod";
import type { ProblemDetail } from "../problems.ts";
import { BlobChange, checkBlobChange } from "./blob-change.ts";
import { CronExpression, checkCron, cronTicks } from "./cron-expression.ts";
import { checkRecurrence, Recurrence } from "./recurrence.ts";
import { recurrenceTicks, type Ticks } from "./recurrence-ticks.ts";
import { startOf } from "./timing.ts";

/** What makes a schedule run: the clock, or a change in a datastore. */
export const Trigger = z.discriminatedUnion("kind", [Recurrence, CronExpression, BlobChange]);
export type Trigger = z.infer<typeof Trigger>;
/** A trigger that goes by the clock. */
export type TimedTrigger = Exclude<Trigger, BlobChange>;

/** What is wrong with a trigger by itself, one that could never fire included. Pointers are relative to it. @param now milliseconds since the epoch. */
export function checkTrigger(trigger: Trigger, now: number): ProblemDetail[] {
  const problems = checkShape(trigger);
  return problems.length > 0 || trigger.kind === "blobChange" ? problems : checkFuture(trigger, now);
}

function checkShape(trigger: Trigger): ProblemDetail[] {
  switch (trigger.kind) {
    case "recurrence":
      return checkRecurrence(trigger);
    case "cron":
      return checkCron(trigger);
    case "blobChange":
      return checkBlobChange(trigger);
  }
}

function checkFuture(trigger: TimedTrigger, now: number): ProblemDetail[] {
  if (ticksOf(trigger, anchorOf(trigger, now)).next(now - 1) !== undefined) return [];
  return [
    {
      pointer: "/endTime",
      message: `there is no tick between now and endTime ${trigger.endTime}`,
      remedy: "give a later endTime, or leave it out",
    },
  ];
}

/**
 * The ticks of a trigger that was checked.
 * @param anchor what a recurrence's intervals are counted from: {@link anchorOf}.
 */
export function ticksOf(trigger: TimedTrigger, anchor: number): Ticks {
  return trigger.kind === "cron" ? cronTicks(trigger) : recurrenceTicks(trigger, anchor);
}

/** Where the counting of a trigger's intervals starts: its start time, else when it was made, in whole seconds. */
export function anchorOf(trigger: TimedTrigger, madeAt: number): number {
  return startOf(trigger) ?? Math.floor(madeAt / 1000) * 1000;
}

/**
 * When a new schedule is first due: at once for a recurrence without a start time, as in v1; else at the first time from `now` on. Undefined: never,
 * which {@link checkTrigger} has refused.
 */
export function firstDue(trigger: TimedTrigger, now: number): number | undefined {
  const anchor = anchorOf(trigger, now);
  if (trigger.kind === "recurrence" && trigger.startTime === undefined) return anchor;
  return ticksOf(trigger, anchor).next(now - 1);
}

/** The next ticks strictly after an instant, `count` at the most. */
export function nextTicks(trigger: TimedTrigger, anchor: number, after: number, count: number): number[] {
  const ticks = ticksOf(trigger, anchor);
  const found: number[] = [];
  for (let at = after; found.length < count; ) {
    const tick = ticks.next(at);
    if (tick === undefined) break;
    found.push(tick);
    at = tick;
  }
  return found;
}

/** The newest ticks in [from, to], oldest first, `count` at the most. */
export function latestTicks(trigger: TimedTrigger, anchor: number, { from, to }: { from: number; to: number }, count: number): number[] {
  const ticks = ticksOf(trigger, anchor);
  const found: number[] = [];
  for (let tick = ticks.previous(to + 1); tick !== undefined && tick >= from && found.length < count; tick = ticks.previous(tick))
    found.unshift(tick);
  return found;
}
