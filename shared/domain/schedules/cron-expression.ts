import { Cron } from "croner";
import { z } from "zod";
import type { ProblemDetail } from "../problems.ts";
import type { Ticks } from "./recurrence-ticks.ts";
import { checkEnd, checkTimeZone, endOf, LocalTime, startOf, ZoneName, zoneOf } from "./timing.ts";

/** Five fields, or a nickname. What else croner would take (a date, seconds, years) is not this. */
const FIELDS = /^(\S+( +\S+){4}|@(yearly|annually|monthly|weekly|daily|midnight|hourly))$/i;
const REMEDY = 'five fields are wanted: minute, hour, day of month, month, day of week, as in "30 6 * * MON-FRI"';
/** Looked ahead from here for the first tick: within 400 years the calendar repeats itself. */
const SOME_DAY = new Date(Date.UTC(2000, 0, 1));

/**
 * A cron expression on the clock of `timeZone`, beyond v1. Where day of month and day of week are both given, both must fit. There is no first run
 * at once; `startTime` and `endTime` bound the ticks.
 */
export const CronExpression = z.strictObject({
  kind: z.literal("cron"),
  expression: z.string().min(1).max(255),
  timeZone: ZoneName.default("UTC"),
  startTime: LocalTime.optional(),
  endTime: LocalTime.optional(),
});
export type CronExpression = z.infer<typeof CronExpression>;

/** What is wrong with a cron expression, one that never fits included. Pointers are relative to it. */
export function checkCron(cron: CronExpression): ProblemDetail[] {
  return [...checkExpression(cron.expression), ...checkTimeZone(cron.timeZone), ...checkEnd(cron)];
}

function checkExpression(expression: string): ProblemDetail[] {
  const pointer = "/expression";
  if (!FIELDS.test(expression))
    return [{ pointer, message: `${JSON.stringify(expression)} does not have the five fields of a cron expression`, remedy: REMEDY }];
  try {
    if (parse(expression, "UTC").nextRun(SOME_DAY) !== null) return [];
  } catch (error) {
    const cause = error instanceof Error ? error.message.replace(/^CronPattern: /, "") : String(error);
    return [{ pointer, message: `${JSON.stringify(expression)} is no cron expression: ${cause}`, remedy: REMEDY }];
  }
  return [
    {
      pointer,
      message: `no date ever fits ${JSON.stringify(expression)}, so there would be no tick`,
      remedy: "day of month, month and day of week must all fit: see that there is such a day",
    },
  ];
}

/**
 * The ticks of a cron expression that was checked. An expression that says the minutes and hours it means (no `*`, no step) has one tick for each
 * of its times, also on days when clocks change: the first, where a time occurs twice; the moment of the change, where it does not occur. One with
 * `*` or a step goes by the clock: through a repeated hour twice, over one that is left out.
 */
export function cronTicks(cron: CronExpression): Ticks {
  const job = parse(cron.expression, zoneOf(cron));
  const [from, to] = [startOf(cron) ?? Number.NEGATIVE_INFINITY, endOf(cron)];
  const inside = (tick: Date | null | undefined) => (tick && +tick >= from && +tick <= to ? +tick : undefined);
  return {
    next: (after) => inside(job.nextRun(new Date(Math.max(after, from - 1)))),
    previous: (before) => inside(job.previousRuns(1, new Date(Math.min(before, to + 1)))[0]),
  };
}

function parse(expression: string, timezone: string): Cron {
  return new Cron(expression, { timezone, domAndDow: true, mode: "5-part", fixedTimeRule: "no-wildcard" });
}
