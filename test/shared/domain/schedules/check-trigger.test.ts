import { describe, expect, test } from "vitest";
import { checkTrigger, Trigger } from "../../../../shared/domain/schedules/trigger.ts";

const NOW = Date.UTC(2026, 6, 1, 12);
const recurrence = (more: object) => ({ kind: "recurrence", frequency: "Day", ...more });
const cron = (expression: string, more: object = {}) => ({ kind: "cron", expression, ...more });

/** What the schema says, with where, else what the check does. */
function problemsOf(trigger: object): string[] {
  const parsed = Trigger.safeParse(trigger);
  if (!parsed.success) return parsed.error.issues.map(({ path, message }) => `/${path.join("/")}: ${message}`);
  return checkTrigger(parsed.data, NOW).map(({ pointer, message, remedy }) => `${pointer}: ${message}${remedy ? ` | ${remedy}` : ""}`);
}

describe("a trigger that can never fire, or does not go together, is refused by the name of its field:", () => {
  test.each<[string, object, string]>([
    ["interval 0", recurrence({ interval: 0 }), "/interval: an interval is 1 or more, or there would be no tick"],
    [
      "no week day",
      recurrence({ frequency: "Week", weekDays: [] }),
      "/weekDays: an empty list names no time, so there would be no tick; leave it out or name one",
    ],
    ["no hour", recurrence({ hours: [] }), "/hours: an empty list names no time, so there would be no tick; leave it out or name one"],
    [
      "an interval too long",
      recurrence({ frequency: "Month", interval: 17 }),
      "/interval: an interval of frequency Month is 16 at the most; it is 17 | take a longer frequency",
    ],
    [
      "an end before the start",
      recurrence({ startTime: "2026-08-02T10:00:00", endTime: "2026-08-02T09:59:59" }),
      "/endTime: endTime 2026-08-02T09:59:59 is before startTime 2026-08-02T10:00:00, so there would be no tick | give a later endTime, or leave it out",
    ],
    [
      "an end that is past",
      recurrence({ startTime: "2026-06-01T10:00", endTime: "2026-06-02T10:00" }),
      "/endTime: there is no tick between now and endTime 2026-06-02T10:00 | give a later endTime, or leave it out",
    ],
    [
      "an end before the first day that fits",
      cron("0 0 29 2 *", { endTime: "2027-12-31T00:00" }),
      "/endTime: there is no tick between now and endTime 2027-12-31T00:00 | give a later endTime, or leave it out",
    ],
    ["a date that is none", recurrence({ startTime: "2026-02-30T00:00:00" }), "/startTime: there is no such date"],
    [
      "an offset",
      recurrence({ startTime: "2026-02-03T00:00:00Z" }),
      "/startTime: a time is YYYY-MM-DDThh:mm:ss, without Z or an offset (timeZone says whose clock it is), from 1970 on",
    ],
    [
      "30 February",
      cron("0 0 30 2 *"),
      '/expression: no date ever fits "0 0 30 2 *", so there would be no tick | day of month, month and day of week must all fit: see that there is such a day',
    ],
    [
      "six fields",
      cron("0 0 0 1 1 *"),
      '/expression: "0 0 0 1 1 *" does not have the five fields of a cron expression | five fields are wanted: minute, hour, day of month, month, day of week, as in "30 6 * * MON-FRI"',
    ],
    [
      "a minute that is none",
      cron("61 * * * *"),
      '/expression: "61 * * * *" is no cron expression: Invalid value for minute: 61 | five fields are wanted: minute, hour, day of month, month, day of week, as in "30 6 * * MON-FRI"',
    ],
    [
      "a date for an expression",
      cron("2026-01-01T00:00:00"),
      '/expression: "2026-01-01T00:00:00" does not have the five fields of a cron expression | five fields are wanted: minute, hour, day of month, month, day of week, as in "30 6 * * MON-FRI"',
    ],
    [
      "a zone that is none",
      cron("0 0 * * *", { timeZone: "Berlin" }),
      '/timeZone: there is no time zone "Berlin" | give an IANA name such as "Europe/Berlin" or a Windows name such as "W. Europe Standard Time"; did you mean "Europe/Berlin"?',
    ],
    [
      "hours of a Month",
      recurrence({ frequency: "Month", hours: [1] }),
      "/hours: hours goes with the frequencies Day and Week; frequency is Month | leave it out, and give the time of the first run as startTime",
    ],
    [
      "a time of day of an Hour",
      recurrence({ frequency: "Hour", timeOfDay: "10:00" }),
      "/timeOfDay: timeOfDay goes with the frequencies Day and Week; frequency is Hour | leave it out, and give the time of the first run as startTime",
    ],
    [
      "time of day and hours",
      recurrence({ timeOfDay: "10:00", hours: [1], minutes: [0] }),
      "/timeOfDay: timeOfDay is there beside hours and minutes | give either timeOfDay, or hours and minutes",
    ],
    [
      "minutes of no hour",
      recurrence({ minutes: [30] }),
      "/minutes: minutes are there without hours, and no startTime names one | add hours",
    ],
    [
      "days of a Day",
      recurrence({ weekDays: ["Monday"] }),
      '/weekDays: weekDays goes with the frequency Week; frequency is Day | take "frequency": "Week", or leave it out',
    ],
    ["a time of day that is none", recurrence({ timeOfDay: "24:00" }), "/timeOfDay: a time of day is hh:mm, 00:00 to 23:59"],
  ])("%s", (_what, trigger, problem) => {
    expect(problemsOf(trigger)).toEqual([problem]);
  });

  test.each([
    ["an hour before now and an end after it", recurrence({ hours: [9], endTime: "2026-07-02T09:00:00" })],
    ["a nickname", cron("@daily")],
    ["29 February", cron("0 0 29 2 *")],
    ["29 February on a Monday", cron("0 0 29 2 MON")],
    ["the longest interval", recurrence({ frequency: "Minute", interval: 72_000 })],
    ["a folder", { kind: "blobChange", datastore: "workspaceblobstore" }],
  ])("but not %s", (_what, trigger) => {
    expect(problemsOf(trigger)).toEqual([]);
  });
});
