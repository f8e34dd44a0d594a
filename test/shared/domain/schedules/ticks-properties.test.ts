import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Recurrence, WEEK_DAYS } from "../../../../shared/domain/schedules/recurrence.ts";
import { anchorOf, latestTicks, nextTicks, type TimedTrigger, Trigger, ticksOf } from "../../../../shared/domain/schedules/trigger.ts";
import { runs } from "../../../support/properties.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Clocks change by an hour, by half of one, around Ramadan, at midnight, on Sundays of the south; and never. */
const ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "America/Santiago", "Asia/Beirut", "UTC"];

const zone = fc.constantFrom(...ZONES);
const instant = fc.integer({ min: Date.UTC(2015, 0, 1) / 1000, max: Date.UTC(2040, 0, 1) / 1000 }).map((seconds) => seconds * 1000);
const localTime = instant.map((at) => new Date(at).toISOString().slice(0, 19));
const some = <T>(items: readonly T[], most: number) => fc.uniqueArray(fc.constantFrom(...items), { minLength: 1, maxLength: most });
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);
const times = fc.oneof(
  fc.record({ hours: some(numbers(24), 5), minutes: some(numbers(60), 4) }),
  fc
    .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
    .map(([hour, minute]) => ({ timeOfDay: `${two(hour)}:${two(minute)}` })),
  fc.constant({}),
);
const calendarRecurrence = fc
  .oneof(
    fc.record({ frequency: fc.constant("Day"), interval: fc.integer({ min: 1, max: 40 }), times }),
    fc.record({ frequency: fc.constant("Week"), interval: fc.integer({ min: 1, max: 8 }), times, weekDays: some(WEEK_DAYS, 7) }),
    fc.record({ frequency: fc.constant("Month"), interval: fc.integer({ min: 1, max: 16 }) }),
  )
  .chain((rule) => fc.record({ startTime: localTime, timeZone: zone }).map((rest) => ({ ...rule, ...rest })))
  .map(({ times: at, ...rule }: { times?: object | undefined; startTime: string }) =>
    Recurrence.parse({ kind: "recurrence", ...rule, ...at }),
  );
const elapsedRecurrence = fc
  .record({
    frequency: fc.constantFrom("Minute", "Hour"),
    interval: fc.integer({ min: 1, max: 12_000 }),
    startTime: localTime,
    timeZone: zone,
  })
  .map((rule) => Recurrence.parse({ kind: "recurrence", ...rule }));
const cronExpression = fc
  .record({
    minute: fc.oneof(fc.constantFrom("*", "*/7", "0", "15,45"), fc.integer({ min: 0, max: 59 }).map(String)),
    hour: fc.oneof(fc.constantFrom("*", "*/5", "1-3", "2"), fc.integer({ min: 0, max: 23 }).map(String)),
    days: fc.constantFrom("* *", "1 *", "L *", "31 *", "* 3,4,9,10", "29 2"),
    weekDay: fc.constantFrom("*", "*", "SUN", "1-5"),
    timeZone: zone,
  })
  .map(({ minute, hour, days, weekDay, timeZone }) =>
    timed({ kind: "cron", expression: `${minute} ${hour} ${days} ${weekDay}`, timeZone }),
  );

describe("the ticks of any trigger", () => {
  test("rise strictly, are whole seconds, and are the same from wherever one asks and backwards", () => {
    fc.assert(
      fc.property(fc.oneof(calendarRecurrence, elapsedRecurrence, cronExpression), instant, (trigger, after) => {
        const anchor = anchorOf(trigger, after);

        const ticks = nextTicks(trigger, anchor, after, 12);

        expect(ticks).toHaveLength(12);
        ticks.reduce((last, tick) => {
          expect(tick).toBeGreaterThan(last);
          expect(tick % 1000).toBe(0);
          expect(ticksOf(trigger, anchor).next(tick - 1)).toBe(tick);
          return tick;
        }, after);
        const [from, to] = [ticks[0] ?? 0, ticks[11] ?? 0];
        expect(latestTicks(trigger, anchor, { from, to }, 100)).toEqual(ticks);
        expect(latestTicks(trigger, anchor, { from: after + 1, to: to + 1 }, 5)).toEqual(ticks.slice(-5));
      }),
      { numRuns: runs(200) },
    );
  });

  test("are the same for a recurrence of days and the cron expression that says as much, on every day when clocks change", () => {
    fc.assert(
      fc.property(
        zone,
        some(numbers(24), 6),
        some(numbers(60), 4),
        fc.integer({ min: 2016, max: 2036 }),
        (timeZone, hours, minutes, year) => {
          const byDay = timed({ kind: "recurrence", frequency: "Day", hours, minutes, timeZone });
          const byCron = timed({ kind: "cron", expression: `${minutes} ${hours} * * *`, timeZone });

          for (const change of changesOf(timeZone, year))
            expect(nextTicks(byDay, 0, change - DAY, 3 * hours.length * minutes.length)).toEqual(
              nextTicks(byCron, 0, change - DAY, 3 * hours.length * minutes.length),
            );
        },
      ),
      { numRuns: runs(60) },
    );
  });
});

describe("the ticks of a recurrence by the calendar", () => {
  test("are its times as the clock shows them: each once, one that is left out at the change, and none besides", () => {
    fc.assert(
      fc.property(
        zone,
        some(numbers(24), 24),
        some([0, 10, 15, 30, 45, 59], 6),
        fc.integer({ min: 2016, max: 2036 }),
        (timeZone, hours, minutes, year) => {
          const trigger = timed({ kind: "recurrence", frequency: "Day", hours, minutes, timeZone });

          for (const change of changesOf(timeZone, year)) {
            const [from, to] = [change - 5 * HOUR, change + 5 * HOUR];
            const ticks = nextTicks(trigger, 0, from - 1, 800).filter((tick) => tick < to);
            expect(ticks).toEqual(
              ticksByTheClock(timeZone, from, to, (wall) => hours.includes(wall.getUTCHours()) && minutes.includes(wall.getUTCMinutes())),
            );
          }
        },
      ),
      { numRuns: runs(25) },
    );
  });

  test("lie on its days and are whole intervals apart", () => {
    fc.assert(
      fc.property(calendarRecurrence, instant, (trigger, after) => {
        const start = dayOf(`${trigger.startTime}Z`);

        for (const tick of nextTicks(trigger, anchorOf(trigger, after), after, 8)) {
          const day = dayOf(shown(trigger.timeZone, tick));
          expect([day, day - 1].some((each) => isDayOf(trigger, start, each))).toBe(true);
        }
      }),
      { numRuns: runs(200) },
    );
  });
});

describe("the ticks of minutes and hours", () => {
  test("are whole intervals of elapsed time from the start", () => {
    fc.assert(
      fc.property(elapsedRecurrence, instant, (trigger, after) => {
        const step = trigger.interval * (trigger.frequency === "Hour" ? HOUR : MINUTE);
        const anchor = anchorOf(trigger, after);

        const [first = 0, ...others] = nextTicks(trigger, anchor, after, 5);

        expect((first - anchor) % step).toBe(0);
        expect(first - after <= step || first === anchor).toBe(true);
        expect(others).toEqual([1, 2, 3, 4].map((n) => first + n * step));
      }),
      { numRuns: runs(200) },
    );
  });
});

function timed(trigger: object): TimedTrigger {
  const parsed = Trigger.parse(trigger);
  if (parsed.kind === "blobChange") throw new Error("no trigger by the clock");
  return parsed;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** What the clock of a zone shows, by another way than the code under test goes: Swedish dates are ISO's. */
function shown(timeZone: string, at: number): string {
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  formats.set(timeZone, format);
  return `${format.format(at).replace(" ", "T")}Z`;
}

const offset = (timeZone: string, at: number) => Date.parse(shown(timeZone, at)) - at;

const changesIn = new Map<string, number[]>();

/** The instants in a year at which the clock of a zone was changed, found by looking at it. */
function changesOf(timeZone: string, year: number): number[] {
  const key = `${timeZone} ${year}`;
  const changes = changesIn.get(key) ?? findChanges(timeZone, year);
  changesIn.set(key, changes);
  return changes;
}

function findChanges(timeZone: string, year: number): number[] {
  const changes: number[] = [];
  for (let at = Date.UTC(year, 0, 1); at < Date.UTC(year + 1, 0, 1); at += 12 * HOUR) {
    if (offset(timeZone, at) === offset(timeZone, at + 12 * HOUR)) continue;
    for (let minute = at + MINUTE; minute <= at + 12 * HOUR; minute += MINUTE)
      if (offset(timeZone, minute) !== offset(timeZone, minute - MINUTE)) changes.push(minute);
  }
  return changes;
}

/** Goes through a span minute by minute as one who watches the clock. */
function ticksByTheClock(timeZone: string, from: number, to: number, fits: (wall: Date) => boolean): number[] {
  const ticks: number[] = [];
  const seen = new Set<number>();
  let last = from - 3 * HOUR + offset(timeZone, from - 3 * HOUR);
  for (let at = from - 3 * HOUR; at < to; at += MINUTE) {
    const wall = at + offset(timeZone, at);
    const passed: number[] = wall > last + MINUTE ? numbers((wall - last) / MINUTE - 1).map((n) => last + (n + 1) * MINUTE) : [];
    if ([...passed, wall].some((each) => fits(new Date(each)) && !seen.has(each)) && at >= from) ticks.push(at);
    for (const each of [...passed, wall]) seen.add(each);
    last = wall;
  }
  return ticks;
}

/** Days since 1970-01-01. */
const dayOf = (time: string) => Math.floor(Date.parse(time) / DAY);

function isDayOf({ frequency, interval, weekDays }: Recurrence, start: number, day: number): boolean {
  const [date, first] = [new Date(day * DAY), new Date(start * DAY)];
  const monday = (each: number) => each - ((new Date(each * DAY).getUTCDay() + 6) % 7);
  switch (frequency) {
    case "Day":
      return (day - start) % interval === 0;
    case "Week":
      return (
        ((monday(day) - monday(start)) / 7) % interval === 0 &&
        weekDays?.includes(WEEK_DAYS[(date.getUTCDay() + 6) % 7] ?? "Monday") === true
      );
    default: {
      const months = (date.getUTCFullYear() - first.getUTCFullYear()) * 12 + date.getUTCMonth() - first.getUTCMonth();
      const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
      return months % interval === 0 && date.getUTCDate() === Math.min(first.getUTCDate(), last);
    }
  }
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
