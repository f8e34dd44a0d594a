import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { clockOf, steadyTime, systemRandom } from "../../../local/host/clock.ts";

const HOUR_MS = 3_600_000;

/** A machine whose wall clock can be set, and which goes on by itself. */
function machine(start = 0) {
  let [wall, monotonic] = [start, 5];
  return {
    now: steadyTime(
      () => wall,
      () => monotonic,
    ),
    pass: (ms: number) => {
      wall += ms;
      monotonic += ms;
    },
    set: (byMs: number) => {
      wall += byMs;
    },
  };
}

describe("steadyTime", () => {
  test("is the wall clock's", () => {
    const { now, pass } = machine(1000);

    pass(250);

    expect(now()).toBe(1250);
  });

  test("follows a clock that is put forward by an hour at once", () => {
    const { now, pass, set } = machine();

    set(HOUR_MS);
    pass(1);

    expect(now()).toBe(HOUR_MS + 1);
  });

  test("goes on at half speed when the clock is put back by an hour, until the clock has caught up", () => {
    const { now, pass, set } = machine(2 * HOUR_MS);
    set(-HOUR_MS);

    pass(60_000);
    const minuteLater = now();
    pass(2 * HOUR_MS - 60_000);
    const caughtUp = now();
    pass(60_000);

    expect(minuteLater).toBe(2 * HOUR_MS + 30_000);
    expect(caughtUp).toBe(3 * HOUR_MS);
    expect(now()).toBe(3 * HOUR_MS + 60_000);
  });
});

describe("the host's clock", () => {
  const systemClock = clockOf(() => Date.now());
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("a timer 60 days ahead fires then, not at once", () => {
    const fired = vi.fn();
    const at = 60 * 24 * 3600 * 1000;
    systemClock.setTimer(at, fired);

    vi.advanceTimersByTime(at - 1);
    const early = fired.mock.calls.length;
    vi.advanceTimersByTime(1);

    expect([early, fired.mock.calls.length]).toEqual([0, 1]);
  });

  test("a timer an hour ahead fires within half a minute when the clock is put forward past it", () => {
    const fired = vi.fn();
    systemClock.setTimer(HOUR_MS, fired);
    vi.advanceTimersByTime(1000);

    vi.setSystemTime(HOUR_MS + 1000);
    vi.advanceTimersByTime(30_000);

    expect(fired).toHaveBeenCalledOnce();
  });

  test("a cancelled timer does not fire, even in a later leg", () => {
    const fired = vi.fn();
    const cancel = systemClock.setTimer(60 * 24 * 3600 * 1000, fired);
    vi.advanceTimersByTime(40 * 24 * 3600 * 1000);

    cancel();
    vi.advanceTimersByTime(40 * 24 * 3600 * 1000);

    expect(fired).not.toHaveBeenCalled();
  });

  test("a time that has passed fires in a later turn, never inside the call", () => {
    const fired = vi.fn();

    systemClock.setTimer(-5, fired);

    expect(fired).not.toHaveBeenCalled();
    vi.runAllTimers();
    expect(fired).toHaveBeenCalledOnce();
  });
});

describe("systemRandom", () => {
  test("gives 32 hexadecimal digits, different ones each time", () => {
    const [a, b] = [systemRandom.hex32(), systemRandom.hex32()];

    expect(a).toMatch(/^[0-9a-f]{32}$/);
    expect(a).not.toBe(b);
  });
});
