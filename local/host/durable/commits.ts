import type { HostClock } from "../contract.ts";
import type { DurableStorage } from "./storage.ts";

/** How long what nobody waits for may stay off the disk, in milliseconds. */
const LAZY_SYNC_MS = 250;

/** How often a commit gives way to work that is ready, so that what follows at once shares its transaction. */
const MOST_POSTPONED = 4;

/**
 * Group commit: all writes of a turn of the event loop share one transaction, and one sync serves everybody who waits
 * for it. Writes are ordered by being made; nothing is ever undone but by a failing disk, and that is the end of this object.
 */
export class Commits {
  /** Called before each commit: the last chance to write what belongs to it. */
  beforeCommit: () => void = () => {};
  /** Whether there is work that will write more in the same turn. */
  isBusy: () => boolean = () => false;
  /** Called once when the state can no longer be written; nothing is committed from then on. */
  onFailure: (error: unknown) => void = () => {};
  private open = false;
  private scheduled = false;
  private postponed = 0;
  private unsynced = false;
  private broken: unknown;
  private lazy: (() => void) | undefined;
  private waiting: { synced: boolean; resolve: () => void; reject: (error: unknown) => void }[] = [];
  private after: (() => void)[] = [];

  constructor(
    private readonly storage: DurableStorage,
    private readonly clock: HostClock,
  ) {}

  get isBroken(): boolean {
    return this.broken !== undefined;
  }

  /** To be called before a write. */
  write(): void {
    if (this.broken) throw this.broken;
    if (!this.open) this.begin();
    this.schedule();
  }

  /** Does what nobody waits for and nobody would hear of: an error in it counts as a failure to write. */
  attempt(work: () => void): void {
    if (this.broken) return;
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Runs `then` when everything written so far is committed. */
  whenCommitted(then: () => void): void {
    this.after.push(then);
    this.schedule();
  }

  /** Resolves when everything written so far is on the disk. */
  durable(): Promise<void> {
    if (this.broken) return Promise.reject(this.broken);
    if (!this.open && !this.unsynced) return Promise.resolve();
    return this.wait(true);
  }

  /** Resolves when everything written so far outlives this process, though perhaps not a loss of power. */
  committed(): Promise<void> {
    if (this.broken) return Promise.reject(this.broken);
    return this.open ? this.wait(false) : Promise.resolve();
  }

  private wait(synced: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ synced, resolve, reject });
      this.schedule();
    });
  }

  /** Commits and syncs now. */
  flush(): void {
    this.unsynced ||= this.open;
    this.commit(true);
  }

  private begin(): void {
    try {
      this.storage.begin();
      this.open = true;
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.clock.defer(() => this.turn());
  }

  private turn(): void {
    if (this.isBusy() && this.postponed < MOST_POSTPONED) {
      this.postponed++;
      this.clock.defer(() => this.turn());
      return;
    }
    this.postponed = 0;
    this.commit(this.waiting.some(({ synced }) => synced));
  }

  private commit(synced: boolean): void {
    if (this.broken) return;
    const waiting = this.waiting.splice(0);
    const after = this.after.splice(0);
    try {
      this.beforeCommit();
      if (this.open) this.storage.commit();
      this.unsynced ||= this.open;
      this.open = false;
      this.scheduled = false;
      if (synced) this.sync();
    } catch (error) {
      this.fail(error);
      for (const one of waiting) one.reject(error);
      return;
    }
    for (const one of waiting) one.resolve();
    if (this.unsynced) this.lazy ??= this.clock.setTimer(this.clock.now() + LAZY_SYNC_MS, () => this.syncLazily());
    for (const then of after) then();
  }

  private sync(): void {
    if (!this.unsynced) return;
    this.storage.sync();
    this.unsynced = false;
  }

  private syncLazily(): void {
    this.lazy = undefined;
    if (this.broken || !this.unsynced) return;
    this.waiting.push({ synced: true, resolve: () => {}, reject: () => {} });
    this.schedule();
  }

  private fail(error: unknown): void {
    if (this.broken) return;
    this.broken = error;
    this.stop();
    try {
      this.storage.rollback();
    } catch {
      // Whoever mends the storage tries again.
    }
    for (const one of this.waiting.splice(0)) one.reject(error);
    this.onFailure(error);
  }

  /** Stops the clock's timer; for the end. */
  stop(): void {
    this.lazy?.();
    this.lazy = undefined;
  }
}
