import type { HostClock } from "../../local/host/contract.ts";

interface Timer {
  at: number;
  order: number;
  callback: () => void;
}

const realImmediate = setImmediate;
/** Turns of the real event loop after which what runs is taken to wait for this clock all the same. */
const PATIENCE_TURNS = 1000;

/**
 * Time that only passes when it is asked to: nothing waits, and what is deferred runs one by one under the eyes of whoever
 * pumps. What is really asynchronous (sockets, promises) gets a few turns of the real event loop between two steps.
 */
export class VirtualClock implements HostClock {
  private time: number;
  private order = 0;
  private readonly deferred: (() => void)[] = [];
  private readonly timers = new Set<Timer>();
  /** Whether something runs that waits for no time of this clock: then nothing else happens until it has ended. */
  isBusy: () => boolean = () => false;
  /** Whether it waits for a disk or the like, which answers without any help of this clock, however many turns that takes. */
  isReading: () => boolean = () => false;

  constructor(start: number) {
    this.time = start;
  }

  now(): number {
    return this.time;
  }

  setTimer(at: number, callback: () => void): () => void {
    const timer = { at, order: this.order++, callback };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  defer(callback: () => void): void {
    this.deferred.push(callback);
  }

  /**
   * Runs everything that is due until `done` holds, letting up to `forMs` of virtual time pass on the way.
   * @returns whether it holds.
   */
  async pump(done: () => boolean, forMs: number): Promise<boolean> {
    const until = this.time + forMs;
    for (;;) {
      await settle();
      for (let turn = 0; this.isBusy() && turn < PATIENCE_TURNS; turn = this.isReading() ? 0 : turn + 1) await settle();
      if (done()) return true;
      if (this.runDeferred()) continue;
      if (!this.runTimer(until)) break;
    }
    this.time = until;
    return done();
  }

  /** Lets so much time pass. */
  async pass(ms: number): Promise<void> {
    await this.pump(() => false, ms);
  }

  /** Puts the clock back, as a hand does. */
  putBack(ms: number): void {
    this.time -= ms;
  }

  private runDeferred(): boolean {
    const next = this.deferred.shift();
    next?.();
    return next !== undefined;
  }

  private runTimer(until: number): boolean {
    let next: Timer | undefined;
    for (const timer of this.timers) if (!next || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer;
    if (!next || next.at > until) return false;
    this.timers.delete(next);
    this.time = Math.max(this.time, next.at);
    next.callback();
    return true;
  }

  /** Puts the global `setTimeout` under this clock, for code that was not given one; the returned function puts it back. */
  takeOverTimeouts(): () => void {
    const { setTimeout: realSet, clearTimeout: realClear } = globalThis;
    const set = (callback: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
      const cancel = this.setTimer(this.time + ms, () => callback(...args));
      return Object.assign(cancel, { unref: () => cancel, ref: () => cancel, [Symbol.dispose]: cancel });
    };
    const clear = (timer: unknown) => (typeof timer === "function" ? timer() : realClear(timer as NodeJS.Timeout));
    Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
    return () => Object.assign(globalThis, { setTimeout: realSet, clearTimeout: realClear });
  }
}

/** A few turns of the real event loop: enough for chains of promises to run to their end. */
async function settle(): Promise<void> {
  for (let i = 0; i < 2; i++) await new Promise<void>((resolve) => realImmediate(resolve));
}
