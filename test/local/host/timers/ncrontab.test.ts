import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { formatNcrontab, NcrontabError, parseNcrontab } from "../../../../local/host/timers/ncrontab.ts";
import { parseSchedule } from "../../../../local/host/timers/schedule.ts";
import recorded from "../../../fixtures/ncrontab.json" with { type: "json" };

const accepted = recorded.filter((each) => each.parses);
const refused = recorded.filter((each) => !each.parses);
const HORIZON_MS = 12 * 365.25 * 24 * 3600 * 1000;

/** The recordings know no time zone. */
beforeEach(() => {
  vi.stubEnv("TZ", "UTC");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** Up to six occurrences within twelve years, as the recordings hold them. */
function occurrences(expression: string, start: string): string[] {
  const schedule = parseSchedule(expression);
  const from = Date.parse(`${start}Z`);
  const found: string[] = [];
  for (let at = schedule.next(from); at !== undefined && at - from < HORIZON_MS && found.length < 6; at = schedule.next(at)) {
    found.push(new Date(at).toISOString().slice(0, 19));
  }
  return found;
}

describe("an NCRONTAB expression", () => {
  test.each(accepted)("$expression reads as NCrontab reads it", ({ expression, normalised }) => {
    const fields = formatNcrontab(parseNcrontab(expression));

    const five = normalised?.split(" ").length === 5;
    expect(fields).toBe(five ? `0 ${normalised}` : normalised);
  });

  test.each(accepted)("$expression fires when NCrontab says", ({ expression, next }) => {
    for (const [start, times] of Object.entries(next ?? {})) {
      const found = occurrences(expression, start);

      expect(found, `from ${start}`).toEqual(times);
    }
  });

  test.each(refused)("$expression is refused, as NCrontab does", ({ expression }) => {
    expect(() => parseNcrontab(expression)).toThrow(NcrontabError);
  });

  test("a refusal names the field, the value and the remedy", () => {
    expect(() => parseNcrontab("0 0 0 * * 7")).toThrow(
      '7 of the schedule "0 0 0 * * 7" is no day of the week: it runs from 0 to 6; Sunday is 0.',
    );
  });
});
