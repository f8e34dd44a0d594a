import type { HostClock, HostLog, RegisteredFunction, Worker } from "../contract.ts";
import type { Schedule } from "./schedule.ts";
import { timerInput } from "./timer-input.ts";
import { withRetries } from "./timer-retry.ts";
import type { TimerStatus, TimerStatusStore } from "./timer-status-store.ts";

export interface TimerListenerOptions {
  function: RegisteredFunction;
  schedule: Schedule;
  /** Absent: no status is kept, by the trigger's wish or because it fires more than once a minute. */
  store?: TimerStatusStore | undefined;
  runOnStartup: boolean;
  worker: Worker;
  clock: HostClock;
  log: HostLog;
}

/**
 * Runs one timer function when it is due, never twice at once. With a status it notices a run that was missed while the
 * host was down, and makes up for all missed ones by a single run, which is told that it is past due.
 */
export class TimerListener {
  readonly #options: TimerListenerOptions;
  readonly #stopped = new AbortController();
  #cancelTimer: () => void = () => {};
  #running: Promise<void> = Promise.resolve();

  constructor(options: TimerListenerOptions) {
    this.#options = options;
  }

  start(): void {
    const { clock, schedule, runOnStartup, store, function: f } = this.#options;
    const now = clock.now();
    const pastDue = this.#takeUp(now);
    if (pastDue || runOnStartup) this.#run(now, pastDue);
    else this.#plan(earlier(plannedNext(store?.get(f.name)), schedule.next(now)));
  }

  /** No further run; resolves when a running one has ended or after so many milliseconds. */
  async stop(graceMs: number): Promise<void> {
    this.#stopped.abort();
    this.#cancelTimer();
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    await Promise.race([this.#running, grace]);
    clearTimeout(timer);
  }

  /** Looks at the status a former process left; says whether a run was missed. Where the schedule was edited since then, none was. */
  #takeUp(now: number): boolean {
    const { schedule, store, function: f } = this.#options;
    const status = store?.get(f.name);
    if (!status) {
      this.#keep(undefined, schedule.next(now), now);
      return false;
    }
    const next = Date.parse(status.next);
    const updated = Date.parse(status.lastUpdated);
    const expected = schedule.next(Math.max(updated, Date.parse(status.last ?? status.lastUpdated)));
    if (expected === next) return now > next;
    if (expected !== undefined && expected > now) this.#keep(status.last, expected, updated);
    else this.#keep(status.last, schedule.next(now), now);
    return false;
  }

  /** A status that cannot be written costs at most one run after a restart, so it does not stop the timer. */
  #keep(last: string | undefined, next: number | undefined, lastUpdated: number): void {
    const { store, function: f, log } = this.#options;
    if (next === undefined) return;
    try {
      store?.set(f.name, { ...(last === undefined ? {} : { last }), next: iso(next), lastUpdated: iso(lastUpdated) });
    } catch (error) {
      log("error", `The status of timer "${f.name}" cannot be written: ${error instanceof Error ? error.message : String(error)}`, {
        functionName: f.name,
      });
    }
  }

  #plan(at: number | undefined): void {
    if (at === undefined || this.#stopped.signal.aborted) return;
    this.#cancelTimer = this.#options.clock.setTimer(at, () => this.#run(Math.max(at, this.#options.clock.now()), false));
  }

  /** What came due during a long run is made up for by one run directly after it. */
  #run(invokedAt: number, isPastDue: boolean): void {
    this.#running = this.#invoke(isPastDue).then(() => {
      const next = this.#options.schedule.next(invokedAt);
      this.#keep(iso(invokedAt), next, invokedAt);
      this.#plan(next);
    });
  }

  async #invoke(isPastDue: boolean): Promise<void> {
    const { function: f, worker, clock, log, schedule, store } = this.#options;
    const input = timerInput(schedule, store?.get(f.name), isPastDue);
    try {
      await withRetries(f.retryOptions, clock, this.#stopped.signal, async (retryContext) => {
        await worker.invoke({ functionName: f.name, inputs: { [f.trigger.name]: input }, ...(retryContext ? { retryContext } : {}) });
      });
    } catch (error) {
      log("error", `Timer function "${f.name}" failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, {
        functionName: f.name,
      });
    }
  }
}

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();
/** The plan of a former process is later than the schedule's next time where the clock was put back since, or the plan ends. */
const earlier = (planned: number | undefined, next: number | undefined): number | undefined =>
  planned === undefined || next === undefined ? (planned ?? next) : Math.min(planned, next);
const plannedNext = (status: TimerStatus | undefined): number | undefined => status && Date.parse(status.next);
