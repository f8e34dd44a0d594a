import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ChangeCounter } from "../../../../shared/adapters/documents/change-counter.ts";

describe("ChangeCounter", () => {
  const signal = () => new AbortController().signal;
  const settled = async (promise: Promise<void>) => {
    let is = false;
    void promise.then(() => {
      is = true;
    });
    await vi.advanceTimersByTimeAsync(0);
    return is;
  };
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("tells a watcher of the next change, and one who missed it at once", async () => {
    const counter = new ChangeCounter();
    const seen = counter.of("run");
    const waiting = counter.changed("run", seen, signal());
    const before = await settled(waiting);

    counter.count("run");

    expect(before).toBe(false);
    expect(await settled(waiting)).toBe(true);
    expect(await settled(counter.changed("run", seen, signal()))).toBe(true);
  });

  test("holds a lull of 20 ms, whatever changes, and ends it at an urgent change", async () => {
    const counter = new ChangeCounter();
    const long = counter.lull("run", signal());
    counter.count("run");
    const early = await settled(long);
    await vi.advanceTimersByTimeAsync(20);
    const late = await settled(long);

    const short = counter.lull("run", signal());
    counter.count("run", true);

    expect([early, late]).toEqual([false, true]);
    expect(await settled(short)).toBe(true);
  });

  test("lets go of a watcher who gives up", async () => {
    const counter = new ChangeCounter();
    const abort = new AbortController();
    const waiting = [counter.changed("run", counter.of("run"), abort.signal), counter.lull("run", abort.signal)];

    abort.abort();

    expect(await Promise.all(waiting.map(settled))).toEqual([true, true]);
  });
});
