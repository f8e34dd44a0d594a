import { z } from "zod";
import type { ProblemDetail } from "../problems.ts";
import { checkEnd, checkTimeZone, LocalTime, ZoneName } from "./timing.ts";

export const Frequency = z.enum(["Minute", "Hour", "Day", "Week", "Month"]);
export type Frequency = z.infer<typeof Frequency>;

export const WEEK_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const;
export const WeekDay = z.enum(WEEK_DAYS);
export type WeekDay = z.infer<typeof WeekDay>;

/** How many of its units lie between two ticks at the most, as Logic Apps has it for the same recurrence: sixteen months or less. */
export const MAX_INTERVAL: Readonly<Record<Frequency, number>> = { Minute: 72_000, Hour: 12_000, Day: 500, Week: 71, Month: 16 };

const atLeastOne = <T extends z.ZodType>(item: T, most: number) =>
  z.array(item).min(1, "an empty list names no time, so there would be no tick; leave it out or name one").max(most);

/**
 * v1's `ScheduleRecurrence`: each `interval`-th minute, hour, day, week or month. Minutes and hours are counted in elapsed time from the start;
 * days, weeks (from Monday) and months by the calendar of `timeZone`, at the times of day that are named, else at that of the start.
 */
export const Recurrence = z.strictObject({
  kind: z.literal("recurrence"),
  frequency: Frequency,
  interval: z.int().min(1, "an interval is 1 or more, or there would be no tick").max(72_000).default(1),
  /** On the clock of `timeZone`. Absent: the schedule begins when it is made, with a first run at once. Past: the next time after now. */
  startTime: LocalTime.optional(),
  /** No tick is later; on the clock of `timeZone`. */
  endTime: LocalTime.optional(),
  timeZone: ZoneName.default("UTC"),
  /** Day and Week alone; each with each of `minutes`. */
  hours: atLeastOne(z.int().min(0).max(23), 24).optional(),
  /** Absent beside `hours`: the minute of `startTime`, else 0. */
  minutes: atLeastOne(z.int().min(0).max(59), 60).optional(),
  /** `hh:mm`, rather than `hours` and `minutes`. */
  timeOfDay: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "a time of day is hh:mm, 00:00 to 23:59")
    .optional(),
  /** Week alone. Absent: that of the start. */
  weekDays: atLeastOne(WeekDay, 7).optional(),
});
export type Recurrence = z.infer<typeof Recurrence>;

/** What of a recurrence does not go together. Pointers are relative to it. */
export function checkRecurrence(recurrence: Recurrence): ProblemDetail[] {
  return [
    ...checkInterval(recurrence),
    ...checkTimeZone(recurrence.timeZone),
    ...checkTimes(recurrence),
    ...checkWeekDays(recurrence),
    ...checkEnd(recurrence),
  ];
}

function checkInterval({ frequency, interval }: Recurrence): ProblemDetail[] {
  const most = MAX_INTERVAL[frequency];
  if (interval <= most) return [];
  return [
    {
      pointer: "/interval",
      message: `an interval of frequency ${frequency} is ${most} at the most; it is ${interval}`,
      remedy: "take a longer frequency",
    },
  ];
}

function checkTimes({ frequency, hours, minutes, timeOfDay, startTime }: Recurrence): ProblemDetail[] {
  const given = Object.entries({ hours, minutes, timeOfDay }).filter(([, value]) => value !== undefined);
  if (frequency !== "Day" && frequency !== "Week")
    return given.map(([name]) => ({
      pointer: `/${name}`,
      message: `${name} goes with the frequencies Day and Week; frequency is ${frequency}`,
      remedy: "leave it out, and give the time of the first run as startTime",
    }));
  if (timeOfDay !== undefined && given.length > 1)
    return [
      {
        pointer: "/timeOfDay",
        message: `timeOfDay is there beside ${given
          .map(([name]) => name)
          .filter((name) => name !== "timeOfDay")
          .join(" and ")}`,
        remedy: "give either timeOfDay, or hours and minutes",
      },
    ];
  if (minutes && !hours && startTime === undefined)
    return [{ pointer: "/minutes", message: "minutes are there without hours, and no startTime names one", remedy: "add hours" }];
  return [];
}

function checkWeekDays({ frequency, weekDays }: Recurrence): ProblemDetail[] {
  if (!weekDays || frequency === "Week") return [];
  return [
    {
      pointer: "/weekDays",
      message: `weekDays goes with the frequency Week; frequency is ${frequency}`,
      remedy: 'take "frequency": "Week", or leave it out',
    },
  ];
}
