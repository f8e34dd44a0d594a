import { describe, expect, test } from "vitest";
import { anchorOf, firstDue, latestTicks, nextTicks, type TimedTrigger, Trigger } from "../../../../shared/domain/schedules/trigger.ts";

/** A Wednesday. */
const NOW = Date.parse("2026-07-01T12:34:56.789Z");
const recurrence = (more: object) => timed({ kind: "recurrence", ...more });
const cron = (expression: string, timeZone = "UTC") => timed({ kind: "cron", expression, timeZone });

function timed(trigger: object): TimedTrigger {
  const parsed = Trigger.parse(trigger);
  if (parsed.kind === "blobChange") throw new Error("no trigger by the clock");
  return parsed;
}

/** The next ticks, without what is 0 in all of them. */
function next(trigger: TimedTrigger, count: number, after: number | string = NOW, madeAt = NOW): string[] {
  const from = typeof after === "string" ? Date.parse(after) : after;
  return nextTicks(trigger, anchorOf(trigger, madeAt), from, count).map((tick) => new Date(tick).toISOString().replace(":00.000Z", "Z"));
}

describe("a recurrence", () => {
  test("of minutes counts from its start", () => {
    const trigger = recurrence({ frequency: "Minute", interval: 7, startTime: "2026-07-01T12:00:00" });

    expect(next(trigger, 3)).toEqual(["2026-07-01T12:35Z", "2026-07-01T12:42Z", "2026-07-01T12:49Z"]);
  });

  test("of hours goes by elapsed time where clocks change", () => {
    const trigger = recurrence({ frequency: "Hour", interval: 1, startTime: "2026-10-25T01:00", timeZone: "Europe/Berlin" });

    expect(next(trigger, 4, "2026-10-24T00:00Z")).toEqual([
      "2026-10-24T23:00Z",
      "2026-10-25T00:00Z",
      "2026-10-25T01:00Z",
      "2026-10-25T02:00Z",
    ]);
  });

  test("of days is at the time of its start on the clock, on both sides of a change", () => {
    const trigger = recurrence({ frequency: "Day", startTime: "2026-03-28T09:00", timeZone: "Europe/Berlin" });

    expect(next(trigger, 2, "2026-03-01T00:00Z")).toEqual(["2026-03-28T08:00Z", "2026-03-29T07:00Z"]);
  });

  test("of every second day keeps to its days, years later", () => {
    const trigger = recurrence({ frequency: "Day", interval: 2, startTime: "2020-01-01T06:00" });

    expect(next(trigger, 2, "2026-07-01T12:00Z")).toEqual(["2026-07-02T06:00Z", "2026-07-04T06:00Z"]);
  });

  test("of hours and minutes is at each with each, in order, each once", () => {
    const trigger = recurrence({ frequency: "Day", hours: [17, 9, 9], minutes: [30, 0] });

    expect(next(trigger, 5)).toEqual([
      "2026-07-01T17:00Z",
      "2026-07-01T17:30Z",
      "2026-07-02T09:00Z",
      "2026-07-02T09:30Z",
      "2026-07-02T17:00Z",
    ]);
  });

  test("of hours without minutes is on the hour, or at the minute of its start", () => {
    expect(next(recurrence({ frequency: "Day", hours: [18] }), 1)).toEqual(["2026-07-01T18:00Z"]);
    expect(next(recurrence({ frequency: "Day", hours: [18], startTime: "2026-06-01T10:20:30" }), 1)).toEqual(["2026-07-01T18:20Z"]);
  });

  test("of minutes without hours is in the hour of its start", () => {
    expect(next(recurrence({ frequency: "Day", minutes: [5, 10], startTime: "2026-06-01T13:20:30" }), 2)).toEqual([
      "2026-07-01T13:05Z",
      "2026-07-01T13:10Z",
    ]);
  });

  test("with a time of day has no tick before its start on the first day", () => {
    const trigger = recurrence({ frequency: "Day", timeOfDay: "08:15", startTime: "2026-08-01T09:00" });

    expect(next(trigger, 2)).toEqual(["2026-08-02T08:15Z", "2026-08-03T08:15Z"]);
  });

  test("of weeks is on the days that are named, weeks counted from the Monday of its start", () => {
    const trigger = recurrence({
      frequency: "Week",
      interval: 2,
      weekDays: ["Sunday", "Monday"],
      timeOfDay: "00:00",
      startTime: "2026-07-01T00:00",
    });

    expect(next(trigger, 4)).toEqual(["2026-07-05T00:00Z", "2026-07-13T00:00Z", "2026-07-19T00:00Z", "2026-07-27T00:00Z"]);
  });

  test("of weeks without days is on the day of its start", () => {
    expect(next(recurrence({ frequency: "Week", startTime: "2026-06-03T06:00" }), 2)).toEqual(["2026-07-08T06:00Z", "2026-07-15T06:00Z"]);
  });

  test("of months is on the day of its start, or the last one of a shorter month, and does not drift", () => {
    const trigger = recurrence({ frequency: "Month", startTime: "2027-10-31T06:00" });

    expect(next(trigger, 6)).toEqual([
      "2027-10-31T06:00Z",
      "2027-11-30T06:00Z",
      "2027-12-31T06:00Z",
      "2028-01-31T06:00Z",
      "2028-02-29T06:00Z",
      "2028-03-31T06:00Z",
    ]);
  });

  test("of every fourth month steps from its start over the years", () => {
    expect(next(recurrence({ frequency: "Month", interval: 4, startTime: "1999-11-15T00:00" }), 3)).toEqual([
      "2026-07-15T00:00Z",
      "2026-11-15T00:00Z",
      "2027-03-15T00:00Z",
    ]);
  });

  test("has its tick at the change where its time is left out, and once where it is there twice", () => {
    const trigger = recurrence({ frequency: "Day", timeOfDay: "02:30", timeZone: "W. Europe Standard Time" });

    expect(next(trigger, 2, "2026-03-28T12:00Z", 0)).toEqual(["2026-03-29T01:00Z", "2026-03-30T00:30Z"]);
    expect(next(trigger, 2, "2026-10-24T12:00Z", 0)).toEqual(["2026-10-25T00:30Z", "2026-10-26T01:30Z"]);
  });

  test("is asked within an hour that is there twice, and does not repeat itself", () => {
    const trigger = recurrence({ frequency: "Day", hours: [2], minutes: [0, 30], timeZone: "Europe/Berlin" });

    expect(next(trigger, 1, "2026-10-25T01:10Z", 0)).toEqual(["2026-10-26T01:00Z"]);
  });

  test("has its last tick at its end", () => {
    const trigger = recurrence({ frequency: "Hour", startTime: "2026-07-01T10:00", endTime: "2026-07-01T14:00" });

    expect(next(trigger, 10)).toEqual(["2026-07-01T13:00Z", "2026-07-01T14:00Z"]);
  });
});

describe("a cron expression", () => {
  test.each([
    ["30 6 * * MON-FRI", "UTC", ["2026-07-02T06:30Z", "2026-07-03T06:30Z", "2026-07-06T06:30Z"]],
    ["0 0 L * *", "Asia/Tokyo", ["2026-07-30T15:00Z", "2026-08-30T15:00Z", "2026-09-29T15:00Z"]],
    ["*/20 12 * * *", "UTC", ["2026-07-01T12:40Z", "2026-07-02T12:00Z", "2026-07-02T12:20Z"]],
    ["0 9 1 * WED", "UTC", ["2027-09-01T09:00Z", "2027-12-01T09:00Z", "2028-03-01T09:00Z"]],
  ])("%s in %s", (expression, zone, expected) => {
    const trigger = cron(expression, zone);

    expect(next(trigger, 3)).toEqual(expected);
  });

  test("that names its hours keeps to one tick a time where clocks change", () => {
    expect(next(cron("0,30 2 * * *", "Europe/Berlin"), 3, "2026-03-28T12:00Z")).toEqual([
      "2026-03-29T01:00Z",
      "2026-03-30T00:00Z",
      "2026-03-30T00:30Z",
    ]);
    expect(next(cron("0,30 2 * * *", "Europe/Berlin"), 3, "2026-10-24T12:00Z")).toEqual([
      "2026-10-25T00:00Z",
      "2026-10-25T00:30Z",
      "2026-10-26T01:00Z",
    ]);
  });

  test("that names no hour goes through a repeated hour twice", () => {
    expect(next(cron("*/30 * * * *", "Europe/Berlin"), 4, "2026-10-25T00:00Z")).toEqual([
      "2026-10-25T00:30Z",
      "2026-10-25T01:00Z",
      "2026-10-25T01:30Z",
      "2026-10-25T02:00Z",
    ]);
  });

  test("keeps to its start and its end", () => {
    const trigger = timed({ kind: "cron", expression: "0 * * * *", startTime: "2026-07-02T00:30", endTime: "2026-07-02T02:00" });

    expect(next(trigger, 10)).toEqual(["2026-07-02T01:00Z", "2026-07-02T02:00Z"]);
  });
});

describe("firstDue", () => {
  const due = (trigger: TimedTrigger) => new Date(firstDue(trigger, NOW) ?? Number.NaN).toISOString();

  test("is at once for a recurrence without a start time, in whole seconds", () => {
    expect(due(recurrence({ frequency: "Week", weekDays: ["Monday"], timeOfDay: "03:00" }))).toBe("2026-07-01T12:34:56.000Z");
  });

  test("is the start where that is to come, and the next computed time where it is past", () => {
    expect(due(recurrence({ frequency: "Day", startTime: "2026-12-01T00:00" }))).toBe("2026-12-01T00:00:00.000Z");
    expect(due(recurrence({ frequency: "Day", startTime: "2025-12-01T00:00" }))).toBe("2026-07-02T00:00:00.000Z");
  });

  test("is the next time that fits for a cron expression, never at once", () => {
    expect(due(cron("0 * * * *"))).toBe("2026-07-01T13:00:00.000Z");
  });
});

describe("latestTicks", () => {
  test("are the newest of a span, oldest first, whatever lies before them", () => {
    const trigger = recurrence({ frequency: "Minute", startTime: "2020-01-01T00:00" });
    const [from, to] = [Date.parse("2021-01-01T00:00Z"), Date.parse("2026-07-01T00:02Z")];

    const ticks = latestTicks(trigger, anchorOf(trigger, NOW), { from, to }, 3);

    expect(ticks.map((tick) => new Date(tick).toISOString().slice(11, 16))).toEqual(["00:00", "00:01", "00:02"]);
  });

  test("are none before the span begins", () => {
    const trigger = recurrence({ frequency: "Day", startTime: "2020-01-01T06:00" });
    const [from, to] = [Date.parse("2026-07-01T06:00Z"), Date.parse("2026-07-01T12:00Z")];

    expect(latestTicks(trigger, anchorOf(trigger, NOW), { from, to }, 100)).toEqual([from]);
    expect(latestTicks(trigger, anchorOf(trigger, NOW), { from: from + 1, to }, 100)).toEqual([]);
  });
});
