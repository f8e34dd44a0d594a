/**
 * What a clock on the wall shows in a time zone, as milliseconds since 1970-01-01T00:00 on that clock: as if it were UTC. Whole seconds. Not an
 * instant: it may name none or two of them.
 */
export type WallTime = number;

export const DAY_MS = 24 * 3600 * 1000;

const formats = new Map<string, Intl.DateTimeFormat>();

/** What the clock shows at an instant (milliseconds since the epoch). @param zone an IANA name. */
export function wallAt(zone: string, instant: number): WallTime {
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const { type, value } of formatFor(zone).formatToParts(instant)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** The latest time that the clock has shown until an instant: later than what it shows now where it was put back within the day before. */
export function latestWallUntil(zone: string, instant: number): WallTime {
  return Math.max(wallAt(zone, instant), wallAt(zone, instant - DAY_MS) + DAY_MS);
}

/**
 * The instant at which the clock shows a time. A time that occurs twice, since clocks were put back, is the first of the two; one that does not
 * occur, since they were put forward, is the moment at which they were. So the order of times is kept, and no two of a day's times swap.
 */
export function instantOf(zone: string, wall: WallTime): number {
  // No offset is beyond a day, and no zone changes it twice within two.
  const [before, after] = [offsetAt(zone, wall - DAY_MS), offsetAt(zone, wall + DAY_MS)];
  const [early, late] = [wall - before, wall - after];
  if (offsetAt(zone, early) === before) return early;
  if (offsetAt(zone, late) === after) return late;
  return changeBetween(zone, late, early, after);
}

/** The instant in (from, to] at which the offset became `offset`. */
function changeBetween(zone: string, from: number, to: number, offset: number): number {
  let [low, high] = [from, to];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(zone, middle) === offset) high = middle;
    else low = middle;
  }
  return high;
}

function offsetAt(zone: string, instant: number): number {
  const second = Math.floor(instant / 1000) * 1000;
  return wallAt(zone, second) - second;
}

/** Making one costs a hundred times what using it does. */
function formatFor(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const number = "numeric";
  const options = { year: number, month: number, day: number, hour: number, minute: number, second: number } as const;
  const made = new Intl.DateTimeFormat("en-US", { ...options, timeZone: zone, hourCycle: "h23", calendar: "gregory" });
  formats.set(zone, made);
  return made;
}
