import type { HostClock } from "../../../../local/host/contract.ts";

export interface ManualClock extends HostClock {
  /** Goes to this time, firing what is due on the way, and lets what that started settle. */
  goTo(time: string): Promise<void>;
  /** The next planned times, ISO 8601. */
  planned(): string[];
}

/** Time that stands still until a test moves it. */
export function manualClock(start: string): ManualClock {
  let now = Date.parse(start);
  let timers: { at: number; callback: () => void }[] = [];
  const settle = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
  return {
    now: () => now,
    setTimer(at, callback) {
      const timer = { at, callback };
      timers.push(timer);
      return () => {
        timers = timers.filter((each) => each !== timer);
      };
    },
    defer: (callback) => {
      setImmediate(callback);
    },
    async goTo(time) {
      const end = Date.parse(time);
      await settle();
      for (;;) {
        const next = timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        timers = timers.filter((each) => each !== next);
        now = Math.max(now, next.at);
        next.callback();
        await settle();
      }
      now = end;
    },
    planned: () => timers.map(({ at }) => new Date(at).toISOString()),
  };
}
