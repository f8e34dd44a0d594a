import type { Ncrontab } from "./ncrontab.ts";
import { parseNcrontab } from "./ncrontab.ts";
import { nextWallTime } from "./next-wall-time.ts";

/** When a timer function is due. Times are milliseconds since the epoch. */
export interface Schedule {
  /** The first time strictly after `after`, to the second; undefined if there is none. */
  next(after: number): number | undefined;
  /** Fires more than once a minute, for which no status is kept. */
  readonly subMinute: boolean;
  /** Kept to the wall clock, so that it moves with daylight saving time. */
  readonly adjustForDst: boolean;
}

/**
 * Parses the schedule of a timer binding: an NCRONTAB expression in the process's own time zone, or a time span
 * `[d.]hh:mm:ss` from one run to the next.
 * @throws {NcrontabError} if it is neither.
 */
export function parseSchedule(text: string): Schedule {
  const span = spanSeconds(text);
  return span === undefined ? cronSchedule(parseNcrontab(text)) : spanSchedule(span);
}

function cronSchedule(expression: Ncrontab): Schedule {
  const { second, minute, hour, day, month, dayOfWeek } = expression;
  return {
    next: (after) => nextInstant(expression, after),
    subMinute: second.values.length > 1 && [minute, hour, day, month, dayOfWeek].every((field) => field.every),
    adjustForDst: true,
  };
}

function spanSchedule(seconds: number): Schedule {
  return { next: (after) => after + seconds * 1000, subMinute: seconds < 60, adjustForDst: false };
}

function spanSeconds(text: string): number | undefined {
  const [, days = "0", hours, minutes, seconds] = /^(?:(\d+)\.)?([01]?\d|2[0-3]):([0-5]?\d):([0-5]?\d)$/.exec(text.trim()) ?? [];
  if (hours === undefined) return undefined;
  const total = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  return total > 0 ? total : undefined;
}

/**
 * Wall-clock occurrences as instants. A time that the spring change skips counts as much later as the clock was moved. In
 * the autumn a schedule of every hour also runs through the repeated hour; one of fixed hours runs in it once.
 */
function nextInstant(expression: Ncrontab, after: number): number | undefined {
  const everyHour = expression.hour.every;
  const wall = wallOf(after);
  const plain = firstAfter(expression, wall, after, 0);
  if (!everyHour || plain === undefined) return plain;
  const movedBack = (new Date(plain).getTimezoneOffset() - new Date(after).getTimezoneOffset()) * 60_000;
  // The clock goes back before that: what fits in the hour that comes again is nearer.
  if (movedBack > 0) return Math.min(plain, firstAfter(expression, wall - movedBack, after, movedBack) ?? plain);
  const repeated = repeatedBy(after);
  return repeated > 0 ? Math.min(plain, firstAfter(expression, wall, after, repeated) ?? plain) : plain;
}

/** Of the occurrences after `wall`, each `shift` later than its first reading, the first one after `after`. */
function firstAfter(expression: Ncrontab, wall: number, after: number, shift: number): number | undefined {
  for (let at = nextWallTime(expression, wall); at !== undefined; at = nextWallTime(expression, at)) {
    const instant = instantOf(at) + shift;
    if (instant > after) return instant;
  }
  return undefined;
}

/** How many milliseconds ago the wall clock showed this time before; 0 if it did not. */
function repeatedBy(instant: number): number {
  return Math.floor(instant / 1000) * 1000 - instantOf(wallOf(instant));
}

/** What the wall clock shows, to the second, as if it showed UTC. */
function wallOf(instant: number): number {
  const d = new Date(instant);
  return Date.UTC(d.getFullYear(), d.getMonth(), d.getDate(), d.getHours(), d.getMinutes(), d.getSeconds());
}

/** The first time at which the wall clock shows this. */
function instantOf(wall: number): number {
  const d = new Date(wall);
  return new Date(d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate(), d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds()).getTime();
}
