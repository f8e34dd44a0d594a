import type { HostClock } from "../contract.ts";
import type { DurableStorage, TimerRow } from "./storage.ts";

/** How many timers are taken from the storage at once. */
const BATCH = 500;

/** Fires stored timers. In memory there is one timer only, for the earliest. */
export class Timers {
  private due = Number.POSITIVE_INFINITY;
  private cancel: (() => void) | undefined;
  private stopped = false;

  constructor(
    private readonly storage: DurableStorage,
    private readonly clock: HostClock,
    private readonly fire: (timer: TimerRow) => void,
    /** Runs what the clock calls for; takes care of its errors. */
    private readonly attempt: (work: () => void) => void,
  ) {}

  /** A timer was stored that is due then. */
  expect(due: number): void {
    if (due < this.due) this.arm(due);
  }

  /** Looks what is due; overdue timers of an earlier process fire at once. */
  start(): void {
    const next = this.storage.nextTimer();
    if (next !== undefined) this.arm(next);
  }

  stop(): void {
    this.stopped = true;
    this.cancel?.();
  }

  private arm(due: number): void {
    this.cancel?.();
    this.due = due;
    this.cancel = this.clock.setTimer(due, () => this.attempt(() => this.elapsed()));
  }

  private elapsed(): void {
    if (this.stopped) return;
    this.due = Number.POSITIVE_INFINITY;
    this.cancel = undefined;
    for (const timer of this.storage.timers(this.clock.now(), BATCH)) this.fire(timer);
    const next = this.storage.nextTimer();
    if (next !== undefined && next < this.due) this.arm(next);
  }
}
