import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Binding, RegisteredFunction, Worker } from "../../../../local/host/contract.ts";
import { startTimers } from "../../../../local/host/timers/start-timers.ts";
import { openTimerStatusStore } from "../../../../local/host/timers/timer-status-store.ts";
import { capturedLog } from "../support/captured-log.ts";
import type { ManualClock } from "../support/manual-clock.ts";
import { manualClock } from "../support/manual-clock.ts";
import { tempFolder } from "../support/temp-app.ts";

interface TimerInfo {
  Schedule: { AdjustForDST: boolean };
  ScheduleStatus: { Last: string; Next: string; LastUpdated: string } | null;
  IsPastDue: boolean;
}
interface Run {
  at: string;
  info: TimerInfo;
  retry: number;
}

beforeEach(() => {
  vi.stubEnv("TZ", "UTC");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** A worker with one timer function `tick`, which notes its runs and then does what `handler` does. */
function timerWorker(clock: ManualClock, options: object, handler: () => unknown = () => {}, retryOptions?: object) {
  const runs: Run[] = [];
  const binding: Binding = { type: "timerTrigger", direction: "in", ...options };
  const f: RegisteredFunction = {
    name: "tick",
    bindings: { timer: binding },
    trigger: { name: "timer", binding },
    ...(retryOptions ? { retryOptions } : {}),
  };
  const worker: Worker = {
    functions: new Map([[f.name, f]]),
    async invoke({ inputs, retryContext }) {
      runs.push({
        at: new Date(clock.now()).toISOString(),
        info: JSON.parse(inputs["timer"]?.json ?? ""),
        retry: retryContext?.retryCount ?? 0,
      });
      await handler();
      return { returnValue: undefined, outputs: {} };
    },
  };
  return { worker, runs };
}

function start(worker: Worker, clock: ManualClock, stateFolder: string, captured = capturedLog()) {
  return {
    captured,
    ...startTimers({
      worker,
      store: openTimerStatusStore(stateFolder, captured.log),
      clock,
      log: captured.log,
      expand: (text) => text.replace("%WHEN%", "0 0 9 * * *"),
      isDisabled: () => false,
    }),
  };
}

const times = (runs: Run[]) => runs.map((run) => run.at.slice(5, 19));
const status = (stateFolder: string) => JSON.parse(readFileSync(join(stateFolder, "timers.json"), "utf8")).tick;

describe("a timer function", () => {
  test("runs when its schedule says and keeps its status", async () => {
    const clock = manualClock("2026-01-01T08:00:00.250Z");
    const folder = tempFolder();
    const { worker, runs } = timerWorker(clock, { schedule: "%WHEN%" });
    start(worker, clock, folder);
    const first = status(folder);

    await clock.goTo("2026-01-02T10:00:00Z");

    expect(first).toEqual({ next: "2026-01-01T09:00:00.000Z", lastUpdated: "2026-01-01T08:00:00.250Z" });
    expect(times(runs)).toEqual(["01-01T09:00:00", "01-02T09:00:00"]);
    expect(runs[0]?.info).toEqual({
      Schedule: { AdjustForDST: true },
      ScheduleStatus: { Last: "0001-01-01T00:00:00", Next: "2026-01-01T09:00:00.000Z", LastUpdated: "2026-01-01T08:00:00.250Z" },
      IsPastDue: false,
    });
    expect(status(folder)).toEqual({
      last: "2026-01-02T09:00:00.000Z",
      next: "2026-01-03T09:00:00.000Z",
      lastUpdated: "2026-01-02T09:00:00.000Z",
    });
  });

  test("that missed runs while the host was down makes up for them once, past due, and never also for runOnStartup", async () => {
    const clock = manualClock("2026-01-01T08:00:00Z");
    const folder = tempFolder();
    const { worker, runs } = timerWorker(clock, { schedule: "0 0 9 * * *", runOnStartup: true });
    const before = start(worker, clock, folder);
    await clock.goTo("2026-01-01T08:30:00Z");
    await before.stop(0);

    await clock.goTo("2026-01-04T12:00:00Z");
    start(worker, clock, folder);
    await clock.goTo("2026-01-05T10:00:00Z");

    expect(runs.map((run) => [run.at.slice(5, 16), run.info.IsPastDue])).toEqual([
      ["01-01T08:00", false],
      ["01-04T12:00", true],
      ["01-05T09:00", false],
    ]);
  });

  test("whose next run a clock that was ahead had planned runs when the schedule says by the clock that was put back", async () => {
    const folder = tempFolder();
    const ahead = manualClock("2026-01-01T09:00:10Z");
    await start(timerWorker(ahead, { schedule: "0 * * * * *" }).worker, ahead, folder).stop(0);

    const clock = manualClock("2026-01-01T08:00:10Z");
    const { worker, runs } = timerWorker(clock, { schedule: "0 * * * * *" });
    start(worker, clock, folder);
    await clock.goTo("2026-01-01T08:02:30Z");

    expect(times(runs)).toEqual(["01-01T08:01:00", "01-01T08:02:00"]);
  });

  test("whose schedule was edited while the host was down missed nothing", async () => {
    const clock = manualClock("2026-01-01T08:00:00Z");
    const folder = tempFolder();
    await start(timerWorker(clock, { schedule: "0 0 9 * * *" }).worker, clock, folder).stop(0);

    await clock.goTo("2026-01-01T10:00:00Z");
    const edited = timerWorker(clock, { schedule: "0 30 9 * * *" });
    await start(edited.worker, clock, folder).stop(0);
    await clock.goTo("2026-01-01T11:00:00Z");
    start(edited.worker, clock, folder);
    await clock.goTo("2026-01-02T10:00:00Z");

    expect(edited.runs.map((run) => [run.at.slice(5, 16), run.info.IsPastDue])).toEqual([["01-02T09:30", false]]);
  });

  test("whose edited schedule is missed later is past due then", async () => {
    const clock = manualClock("2026-01-01T08:00:00Z");
    const folder = tempFolder();
    await start(timerWorker(clock, { schedule: "0 0 9 * * *" }).worker, clock, folder).stop(0);
    await clock.goTo("2026-01-01T10:00:00Z");
    const edited = timerWorker(clock, { schedule: "0 30 9 * * *" });
    await start(edited.worker, clock, folder).stop(0);

    await clock.goTo("2026-01-02T12:00:00Z");
    start(edited.worker, clock, folder);
    await clock.goTo("2026-01-02T12:00:01Z");

    expect(edited.runs.map((run) => [run.at.slice(5, 16), run.info.IsPastDue])).toEqual([["01-02T12:00", true]]);
  });

  test("never overlaps itself, and what came due meanwhile is one run directly after", async () => {
    const clock = manualClock("2026-01-01T00:00:30Z");
    const gate = Promise.withResolvers<void>();
    let calls = 0;
    const { worker, runs } = timerWorker(clock, { schedule: "0 * * * * *" }, () => (calls++ === 0 ? gate.promise : undefined));
    start(worker, clock, tempFolder());
    await clock.goTo("2026-01-01T00:04:20Z");
    const during = runs.length;

    gate.resolve();
    await clock.goTo("2026-01-01T00:05:30Z");

    expect(during).toBe(1);
    expect(runs.map((run) => [run.at.slice(14, 19), run.info.IsPastDue])).toEqual([
      ["01:00", false],
      ["04:20", false],
      ["05:00", false],
    ]);
  });

  test.each([
    ["fires more than once a minute", { schedule: "*/30 * * * * *" }],
    ["asks for none", { schedule: "0 * * * * *", useMonitor: false }],
  ])("that %s has no status and is never past due", async (_, options) => {
    const clock = manualClock("2026-01-01T00:00:10Z");
    const folder = tempFolder();
    const { worker, runs } = timerWorker(clock, options);
    await start(worker, clock, folder).stop(0);
    await clock.goTo("2026-01-01T01:00:10Z");

    start(worker, clock, folder);
    await clock.goTo("2026-01-01T01:01:00Z");

    expect(runs.at(-1)?.info).toMatchObject({ ScheduleStatus: null, IsPastDue: false });
    expect(() => status(folder)).toThrow("ENOENT");
  });

  test("that fails is logged and runs again at its next time only", async () => {
    const clock = manualClock("2026-01-01T08:00:00Z");
    const { worker, runs } = timerWorker(clock, { schedule: "0 0 9 * * *" }, () => Promise.reject(new Error("no luck")));
    const { captured } = start(worker, clock, tempFolder());

    await clock.goTo("2026-01-02T10:00:00Z");

    expect(times(runs)).toEqual(["01-01T09:00:00", "01-02T09:00:00"]);
    expect(captured.text()).toMatch(/error Timer function "tick" failed: Error: no luck/);
  });

  test.each([
    ["fixedDelay", { maxRetryCount: 2, retryStrategy: "fixedDelay", delayInterval: { seconds: 10 } }, ["09:00:00", "09:00:10", "09:00:20"]],
    [
      "exponentialBackoff",
      { maxRetryCount: 4, retryStrategy: "exponentialBackoff", minimumInterval: { seconds: 4 }, maximumInterval: { seconds: 10 } },
      ["09:00:00", "09:00:04", "09:00:12", "09:00:22", "09:00:32"],
    ],
  ])("with a retry policy of %s is tried again", async (_, policy, expected) => {
    const clock = manualClock("2026-01-01T08:00:00Z");
    const { worker, runs } = timerWorker(clock, { schedule: "0 0 9 * * *" }, () => Promise.reject(new Error("no luck")), policy);
    start(worker, clock, tempFolder());

    await clock.goTo("2026-01-01T10:00:00Z");

    expect(runs.map((run) => run.at.slice(11, 19))).toEqual(expected);
    expect(runs.map((run) => run.retry)).toEqual(expected.map((_, i) => i));
  });

  test("whose schedule is wrong is an error that names it", () => {
    const clock = manualClock("2026-01-01T08:00:00Z");
    const { worker } = timerWorker(clock, { schedule: "0 0 25 * * *" });

    const { captured } = start(worker, clock, tempFolder());

    expect(captured.text()).toBe(
      'error Timer function "tick" will not run: 25 of the schedule "0 0 25 * * *" is no hour: it runs from 0 to 23.',
    );
    expect(clock.planned()).toEqual([]);
  });

  test("does not run after it was stopped, while a running one is awaited", async () => {
    const clock = manualClock("2026-01-01T00:00:30Z");
    const gate = Promise.withResolvers<void>();
    const { worker, runs } = timerWorker(clock, { schedule: "0 * * * * *" }, () => gate.promise);
    const timers = start(worker, clock, tempFolder());
    await clock.goTo("2026-01-01T00:01:00Z");

    const stopping = timers.stop(10_000);
    gate.resolve();
    await stopping;
    await clock.goTo("2026-01-01T00:09:00Z");

    expect(runs).toHaveLength(1);
  });

  test("starts anew when its status cannot be read", async () => {
    const clock = manualClock("2026-01-01T08:00:00Z");
    const folder = tempFolder();
    writeFileSync(join(folder, "timers.json"), '{"tick": {"next": "soon"}}');
    const { worker } = timerWorker(clock, { schedule: "0 0 9 * * *" });

    const { captured } = start(worker, clock, folder);

    expect(captured.text()).toContain("warning The timers' status in");
    expect(clock.planned()).toEqual(["2026-01-01T09:00:00.000Z"]);
  });
});
