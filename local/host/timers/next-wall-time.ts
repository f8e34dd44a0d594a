import type { Ncrontab, NcrontabField } from "./ncrontab.ts";

/** Looked ahead so far: beyond any date that a schedule can name (29 February on a given weekday comes within 40 years). */
const YEARS_AHEAD = 100;
const END_OF_DAY_MS = ((23 * 60 + 59) * 60 + 59) * 1000;
const DAY_MS = 24 * 3600 * 1000;

interface WallTime {
  year: number;
  /** 1 to 12. */
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

/**
 * The first wall-clock time strictly after `wall` that fits, to the second; undefined if there is none. Both are
 * milliseconds since the epoch, as if the wall clock showed UTC.
 *
 * This is NCrontab's own way of counting, kept because Azure's timers have it too: a step to a later minute or hour on the
 * same day does not start the seconds afresh. So `* * 7-19 * * *`, asked at midnight, first fires at 07:00:01.
 */
export function nextWallTime(schedule: Ncrontab, wall: number): number | undefined {
  const lastYear = new Date(wall).getUTCFullYear() + YEARS_AHEAD;
  for (let base = wall; ; ) {
    const next = nextDateAndTime(schedule, fromNaive(base), lastYear);
    if (next === undefined) return undefined;
    if (schedule.dayOfWeek.values.includes(new Date(next).getUTCDay())) return next;
    base = next - (next % DAY_MS) + END_OF_DAY_MS;
  }
}

/** Everything but the day of the week. */
function nextDateAndTime(schedule: Ncrontab, base: WallTime, lastYear: number): number | undefined {
  const at = nextTimeOfDay(schedule, base);
  let day = atOrAfter(schedule.day, at.day);
  for (;;) {
    if (day === undefined) {
      day = restartDay(schedule, at);
      at.month += 1;
    } else if (day > base.day) restartTime(schedule, at);
    const month = atOrAfter(schedule.month, at.month);
    if (month === undefined) at.year += 1;
    if (month === undefined || month > base.month) day = restartDay(schedule, at);
    at.month = month ?? first(schedule.month);
    at.day = day;
    if (at.year > lastYear) return undefined;
    if (day <= daysIn(at.year, at.month)) return toNaive(at);
    day = undefined;
  }
}

/** Second, minute and hour, carrying into the day. */
function nextTimeOfDay(schedule: Ncrontab, base: WallTime): WallTime {
  const at = { ...base, second: base.second + 1 };
  const second = atOrAfter(schedule.second, at.second);
  at.second = second ?? first(schedule.second);
  if (second === undefined) at.minute += 1;
  const minute = atOrAfter(schedule.minute, at.minute);
  at.minute = minute ?? first(schedule.minute);
  if (minute === undefined) at.hour += 1;
  const hour = atOrAfter(schedule.hour, at.hour);
  if (hour === undefined) at.day += 1;
  if (hour === undefined || hour > base.hour) at.minute = first(schedule.minute);
  at.hour = hour ?? first(schedule.hour);
  return at;
}

function restartTime(schedule: Ncrontab, at: WallTime): void {
  at.second = first(schedule.second);
  at.minute = first(schedule.minute);
  at.hour = first(schedule.hour);
}

function restartDay(schedule: Ncrontab, at: WallTime): number {
  restartTime(schedule, at);
  return first(schedule.day);
}

const atOrAfter = (field: NcrontabField, value: number): number | undefined => field.values.find((each) => each >= value);
const first = (field: NcrontabField): number => field.values[0] ?? 0;
const daysIn = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();

function fromNaive(naive: number): WallTime {
  const date = new Date(naive);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
  };
}

const toNaive = (at: WallTime): number => Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute, at.second);
