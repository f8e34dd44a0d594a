import { type Recurrence, WEEK_DAYS } from "./recurrence.ts";
import { endOf, zoneOf } from "./timing.ts";
import { DAY_MS, instantOf, latestWallUntil, type WallTime, wallAt } from "./wall-clock.ts";

/** Ticks of a schedule, in milliseconds since the epoch, in a strict order; undefined: there is none further. */
export interface Ticks {
  next(after: number): number | undefined;
  previous(before: number): number | undefined;
}

/** Days since 1970-01-01 on the calendar of the schedule's zone. */
type Day = number;

/** Days that a rule names, in order. */
interface DayRule {
  atOrAfter(day: Day): Day;
  atOrBefore(day: Day): Day;
}

/**
 * The ticks of a recurrence that was checked.
 * @param anchor what intervals are counted from, as an instant: the start time, or when the schedule was made. No tick is before it.
 */
export function recurrenceTicks(recurrence: Recurrence, anchor: number): Ticks {
  const { frequency, interval } = recurrence;
  const bounds = { from: anchor, to: endOf(recurrence) };
  switch (frequency) {
    case "Minute":
      return within(bounds, elapsedTicks(anchor, interval * 60_000));
    case "Hour":
      return within(bounds, elapsedTicks(anchor, interval * 3_600_000));
    default: {
      const zone = zoneOf(recurrence);
      const start = wallAt(zone, anchor);
      return within(bounds, calendarTicks(zone, dayRule(recurrence, dayOf(start)), timesOfDay(recurrence, start)));
    }
  }
}

function within({ from, to }: { from: number; to: number }, ticks: Ticks): Ticks {
  const inside = (tick: number | undefined) => (tick !== undefined && tick >= from && tick <= to ? tick : undefined);
  return {
    next: (after) => inside(ticks.next(Math.max(after, from - 1))),
    previous: (before) => inside(ticks.previous(Math.min(before, to + 1))),
  };
}

function elapsedTicks(anchor: number, stepMs: number): Ticks {
  return {
    next: (after) => anchor + (Math.floor((after - anchor) / stepMs) + 1) * stepMs,
    previous: (before) => anchor + (Math.ceil((before - anchor) / stepMs) - 1) * stepMs,
  };
}

/** @param times of a day, in order, in milliseconds since its midnight on the clock. */
function calendarTicks(zone: string, rule: DayRule, times: readonly number[]): Ticks {
  return {
    next(after) {
      // Instants keep the order of times, so what the clock has shown by now has had its tick.
      const shown = wallAt(zone, after);
      for (let day = rule.atOrAfter(dayOf(shown)); ; day = rule.atOrAfter(day + 1)) {
        for (const wall of times.map((time) => day * DAY_MS + time)) {
          const tick = wall > shown ? instantOf(zone, wall) : undefined;
          if (tick !== undefined && tick > after) return tick;
        }
      }
    },
    previous(before) {
      const shown = latestWallUntil(zone, before);
      for (let day = rule.atOrBefore(dayOf(shown)); ; day = rule.atOrBefore(day - 1)) {
        for (const wall of times.map((time) => day * DAY_MS + time).reverse()) {
          const tick = wall <= shown ? instantOf(zone, wall) : undefined;
          if (tick !== undefined && tick < before) return tick;
        }
      }
    },
  };
}

/** The times of day of a Day, Week or Month recurrence; where none are named, that of the start. */
function timesOfDay({ hours, minutes, timeOfDay, startTime }: Recurrence, start: WallTime): number[] {
  if (timeOfDay !== undefined) return [Date.parse(`1970-01-01T${timeOfDay}Z`)];
  if (!hours && !minutes) return [timeIn(start)];
  const of = new Date(start);
  const everyMinute = minutes ?? [startTime === undefined ? 0 : of.getUTCMinutes()];
  const times = (hours ?? [of.getUTCHours()]).flatMap((hour) => everyMinute.map((minute) => (hour * 60 + minute) * 60_000));
  return [...new Set(times)].sort((a, b) => a - b);
}

function dayRule({ frequency, interval, weekDays }: Recurrence, start: Day): DayRule {
  switch (frequency) {
    case "Month":
      return monthRule(start, interval);
    case "Week": {
      const days = weekDays ? [...new Set(weekDays)].map((day) => WEEK_DAYS.indexOf(day)).sort((a, b) => a - b) : [weekDay(start)];
      return weekRule(start - weekDay(start), interval, days);
    }
    default:
      return {
        atOrAfter: (day) => start + Math.ceil((day - start) / interval) * interval,
        atOrBefore: (day) => start + Math.floor((day - start) / interval) * interval,
      };
  }
}

/** @param monday of the week of the start; days count from it. */
function weekRule(monday: Day, interval: number, days: readonly number[]): DayRule {
  const length = 7 * interval;
  const [first = 0, last = 0] = [days[0], days.at(-1)];
  return {
    atOrAfter(day) {
      const week = monday + Math.floor((day - monday) / length) * length;
      return week + (days.find((each) => week + each >= day) ?? length + first);
    },
    atOrBefore(day) {
      const week = monday + Math.floor((day - monday) / length) * length;
      return week + (days.findLast((each) => week + each <= day) ?? last - length);
    },
  };
}

/** The day of the month of the start, or the last one of a month that is shorter. */
function monthRule(start: Day, interval: number): DayRule {
  const dayOfMonth = new Date(start * DAY_MS).getUTCDate();
  const first = monthOf(start);
  const at = (step: number): Day => {
    const month = first + step * interval;
    return dayOf(Date.UTC(1970, month, Math.min(dayOfMonth, new Date(Date.UTC(1970, month + 1, 0)).getUTCDate())));
  };
  return {
    atOrAfter(day) {
      const step = Math.floor((monthOf(day) - first) / interval);
      return at(step) >= day ? at(step) : at(step + 1);
    },
    atOrBefore(day) {
      const step = Math.floor((monthOf(day) - first) / interval);
      return at(step) <= day ? at(step) : at(step - 1);
    },
  };
}

const dayOf = (wall: WallTime): Day => Math.floor(wall / DAY_MS);
const timeIn = (wall: WallTime): number => wall - dayOf(wall) * DAY_MS;
/** 0 is Monday; 1970-01-01 was a Thursday. */
const weekDay = (day: Day): number => (((day + 3) % 7) + 7) % 7;
/** Months since January 1970. */
function monthOf(day: Day): number {
  const date = new Date(day * DAY_MS);
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
}
