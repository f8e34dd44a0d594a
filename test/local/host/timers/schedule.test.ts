import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { parseSchedule } from "../../../../local/host/timers/schedule.ts";

/** The next `count` runs after an instant, both in UTC. */
function runs(schedule: string, after: string, count: number): string[] {
  const parsed = parseSchedule(schedule);
  const found: string[] = [];
  let at: number | undefined = Date.parse(after);
  while (found.length < count) {
    at = parsed.next(at ?? 0);
    if (at === undefined) break;
    found.push(new Date(at).toISOString().slice(5, 16));
  }
  return found;
}

describe("a schedule in Europe/Berlin", () => {
  beforeEach(() => {
    vi.stubEnv("TZ", "Europe/Berlin");
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test("of a fixed time follows the wall clock across the spring change", () => {
    const found = runs("0 0 9 * * *", "2026-03-27T12:00:00Z", 3);

    expect(found).toEqual(["03-28T08:00", "03-29T07:00", "03-30T07:00"]);
  });

  test("of a time that the spring change skips runs that day an hour later", () => {
    const found = runs("0 30 2 * * *", "2026-03-28T12:00:00Z", 2);

    expect(found).toEqual(["03-29T01:30", "03-30T00:30"]);
  });

  test("of a fixed time in the repeated hour of autumn runs once", () => {
    const found = runs("0 30 2 * * *", "2026-10-24T12:00:00Z", 2);

    expect(found).toEqual(["10-25T00:30", "10-26T01:30"]);
  });

  test("of a fixed time does not run again when asked in the repeated hour", () => {
    const found = runs("0 30 2 * * *", "2026-10-25T01:10:00Z", 1);

    expect(found).toEqual(["10-26T01:30"]);
  });

  test("of every 20 minutes keeps running through the repeated hour", () => {
    const found = runs("0 */20 * * * *", "2026-10-25T00:05:00Z", 7);

    expect(found).toEqual(["10-25T00:20", "10-25T00:40", "10-25T01:00", "10-25T01:20", "10-25T01:40", "10-25T02:00", "10-25T02:20"]);
  });

  test("of every 20 minutes keeps running through the skipped hour", () => {
    const found = runs("0 */20 * * * *", "2026-03-29T00:30:00Z", 3);

    expect(found).toEqual(["03-29T00:40", "03-29T01:00", "03-29T01:20"]);
  });
});

describe("a time span", () => {
  test.each([
    ["00:05:00", 300],
    ["01:00:00", 3600],
    ["1.00:00:30", 86_430],
  ])("%s runs every %i seconds", (text, seconds) => {
    expect(parseSchedule(text).next(1000)).toBe(1000 + seconds * 1000);
  });

  test.each(["24:00:00", "00:00:00", "00:60:00"])("%s is refused", (text) => {
    expect(() => parseSchedule(text)).toThrow(/fields/);
  });
});

describe("a status is kept", () => {
  test.each([
    ["*/15 * * * * *", true],
    ["0,30 * * * * *", true],
    ["0 * * * * *", false],
    ["*/15 0 * * * *", false],
    ["00:00:59", true],
    ["00:01:00", false],
  ])("%s fires more than once a minute: %s", (text, subMinute) => {
    expect(parseSchedule(text).subMinute).toBe(subMinute);
  });
});
