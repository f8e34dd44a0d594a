import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { systemClock, systemRandom } from "../../../local/host/clock.ts";

describe("systemClock", () => {
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
