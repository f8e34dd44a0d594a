import type { HostClock } from "../contract.ts";
import { isFinished, type LoadedInstance } from "./loaded-instance.ts";

/** A replay shorter than this is repeated without a thought, in milliseconds. */
const QUICK_REPLAY_MS = 3;
/** Longest wait for more answers before a long replay is repeated, in milliseconds. */
const LONGEST_WAIT_MS = 1000;

interface TurnUser {
  /** Runs an episode with what is in the inbox. Never rejects. */
  run(instance: LoadedInstance): Promise<void>;
  /** Nothing is left to do for the instance now. */
  rested(instance: LoadedInstance): void;
}

/** Decides when instances get their episodes: one at a time each, a limited number at once, all of a turn of the event loop together. */
export class Turns {
  private readonly ready = new Set<LoadedInstance>();
  private readonly quiet: (() => void)[] = [];
  private scheduled = false;
  private running = 0;
  private stopped = false;

  constructor(
    private readonly clock: HostClock,
    private readonly limit: number,
    private readonly user: TurnUser,
  ) {}

  /** Episodes are about to begin. */
  get isBusy(): boolean {
    return this.scheduled;
  }

  /** Something came for an instance. Where replays take long and more answers are on their way, it waits for some of them. */
  wake(instance: LoadedInstance): void {
    if (instance.busy || this.ready.has(instance)) return;
    const outstanding = instance.execution.openTasks - instance.inbox.length;
    if (instance.replayMs <= QUICK_REPLAY_MS || outstanding <= 0) {
      this.makeReady(instance);
      return;
    }
    if (instance.inbox.length > 1) return; // the first of them has set the timer
    const wait = Math.min(3 * instance.replayMs, LONGEST_WAIT_MS);
    this.clock.setTimer(this.clock.now() + wait, () => this.makeReady(instance));
  }

  forget(instance: LoadedInstance): void {
    this.ready.delete(instance);
  }

  /** Begins no episode any more; resolves when the running ones have ended. */
  stop(): Promise<void> {
    this.stopped = true;
    return this.running === 0 ? Promise.resolve() : new Promise((resolve) => this.quiet.push(resolve));
  }

  private makeReady(instance: LoadedInstance): void {
    if (instance.busy || instance.inbox.length === 0) return;
    this.ready.add(instance);
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled || this.stopped) return;
    this.scheduled = true;
    this.clock.defer(() => {
      this.scheduled = false;
      this.turn();
    });
  }

  private turn(): void {
    for (const instance of this.ready) {
      if (this.running >= this.limit || this.stopped) return;
      this.ready.delete(instance);
      void this.episode(instance);
    }
  }

  private async episode(instance: LoadedInstance): Promise<void> {
    instance.busy = true;
    this.running++;
    await this.user.run(instance);
    this.running--;
    instance.busy = false;
    if (instance.inbox.length > 0 && !isFinished(instance.row.status)) this.makeReady(instance);
    else this.user.rested(instance);
    if (this.ready.size > 0) this.schedule();
    if (this.running === 0) for (const done of this.quiet.splice(0)) done();
  }
}
