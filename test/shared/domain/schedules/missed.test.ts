import { describe, expect, test } from "vitest";
import { dueTicks } from "../../../../shared/domain/schedules/missed.ts";
import type { Policy } from "../../../../shared/domain/schedules/schedule.ts";
import { Trigger } from "../../../../shared/domain/schedules/trigger.ts";

const MINUTE = 60_000;
const DUE = Date.parse("2026-07-01T12:00:00Z");

/** What is due of a schedule of each minute so long after it first was, in minutes after that. */
function due(lateMs: number, policy: Policy["missed"]) {
  const trigger = Trigger.parse({ kind: "cron", expression: "* * * * *" });
  if (trigger.kind === "blobChange") throw new Error("no trigger by the clock");
  const minutes = (ticks: readonly number[]) => ticks.map((tick) => (tick - DUE) / MINUTE);
  const { runs, missed, older } = dueTicks(trigger, DUE, DUE, DUE + lateMs, policy);
  return { runs: minutes(runs), missed: minutes(missed), ...(older && { older: minutes([older.from, older.to + 1]) }) };
}

describe("dueTicks", () => {
  test.each(["latest", "all", "none"] as const)("runs a tick that is on time, with missed: %s", (policy) => {
    expect(due(0, policy)).toEqual({ runs: [0], missed: [] });
  });

  test("runs the newest of several, all of them, or the newest while it is fresh", () => {
    expect(due(2.5 * MINUTE, "latest")).toEqual({ runs: [2], missed: [0, 1] });
    expect(due(2.5 * MINUTE, "all")).toEqual({ runs: [0, 1, 2], missed: [] });
    expect(due(2.5 * MINUTE, "none")).toEqual({ runs: [2], missed: [0, 1] });
  });

  test("runs the newest tick where it is five minutes late and not where it is later", () => {
    const trigger = Trigger.parse({ kind: "cron", expression: "0 12 1 7 *" });
    if (trigger.kind === "blobChange") throw new Error("no trigger by the clock");

    expect(dueTicks(trigger, DUE, DUE, DUE + 5 * MINUTE, "none")).toEqual({ runs: [DUE], missed: [] });
    expect(dueTicks(trigger, DUE, DUE, DUE + 5 * MINUTE + 1, "none")).toEqual({ runs: [], missed: [DUE] });
  });

  test("counts a first run at once, which fits no rule, as due", () => {
    const trigger = Trigger.parse({ kind: "cron", expression: "30 12 * * *" });
    if (trigger.kind === "blobChange") throw new Error("no trigger by the clock");

    expect(dueTicks(trigger, DUE, DUE, DUE + 31 * MINUTE, "all").runs).toEqual([DUE, DUE + 30 * MINUTE]);
  });

  test("takes the newest hundred, and of those before the span", () => {
    expect(due(99 * MINUTE, "all").runs).toHaveLength(100);
    expect(due(99 * MINUTE, "all")).not.toHaveProperty("older");

    const { runs, older } = due(100 * MINUTE, "all");

    expect([runs.length, runs[0], older]).toEqual([100, 1, [0, 1]]);
  });
});
