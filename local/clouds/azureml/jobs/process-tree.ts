import { setTimeout as delay } from "node:timers/promises";
import type { ProcessIdentity, ProcessInfo } from "./processes.ts";
import { processTable, signal } from "./processes.ts";

const FIRST_LOOK_MILLISECONDS = 5;
const SLOWEST_LOOK_MILLISECONDS = 100;

/** After KILL a process is gone unless the kernel holds it (a dead network mount): then we stop waiting for it. */
const KILL_PATIENCE_MILLISECONDS = 5_000;

/**
 * Everything one launch started: its process group, whatever carries its marker, and the children of those, so that
 * a process which left the group, became a daemon or cleared its environment is found too.
 */
export class ProcessTree {
  readonly #marker: string;
  readonly #leader: ProcessIdentity | undefined;
  /** Once known to belong, by id: a process may lose its parent later. */
  readonly #known = new Map<number, string>();
  #killAt = Number.POSITIVE_INFINITY;

  constructor(marker: string, leader?: ProcessIdentity) {
    this.#marker = marker;
    this.#leader = leader;
  }

  /** The living members. */
  async members(): Promise<ProcessInfo[]> {
    const all = await processTable.list();
    const marked = await processTable.carrying(this.#marker, all);
    const groupIsOurs = all.some(({ id, startTime }) => id === this.#leader?.id && startTime === this.#leader.startTime);
    const belongs = (one: ProcessInfo) =>
      marked.has(one.id) || this.#known.get(one.id) === one.startTime || (groupIsOurs && one.group === this.#leader?.id);
    const members = withDescendants(all.filter(belongs), all);
    for (const { id, startTime } of members) this.#known.set(id, startTime);
    return members;
  }

  /**
   * Ends all of it: TERM, and KILL for what is left after the grace. Resolves when nothing is left, with how many would not go.
   * The leader, our wrapper, is killed first: it has nothing to tidy, and so no exit code appears for a command that we ended.
   */
  async end(graceMilliseconds: number): Promise<number> {
    this.hasten(graceMilliseconds);
    const told = new Map<number, string>();
    const left = await this.#waitUntilGone(
      () => this.#killAt,
      ({ id, startTime }) => {
        // Each member once, but at each look: one that is just being started was in no list before.
        if (told.get(id) === startTime) return;
        told.set(id, startTime);
        signal(id, id === this.#leader?.id ? "SIGKILL" : "SIGTERM");
      },
    );
    return left.length === 0 ? 0 : this.kill();
  }

  /** Shortens the grace of an end that is under way. */
  hasten(graceMilliseconds: number): void {
    this.#killAt = Math.min(this.#killAt, performance.now() + graceMilliseconds);
  }

  /** Ends all of it at once. */
  async kill(): Promise<number> {
    const patience = performance.now() + KILL_PATIENCE_MILLISECONDS;
    const left = await this.#waitUntilGone(
      () => patience,
      ({ id }) => signal(id, "SIGKILL"),
    );
    return left.length;
  }

  /** The system tells nobody when a process that is not its child ends, so this looks, with growing gaps. */
  async #waitUntilGone(until: () => number, meanwhile: (member: ProcessInfo) => void): Promise<ProcessInfo[]> {
    for (let gap = FIRST_LOOK_MILLISECONDS; ; gap = Math.min(gap * 2, SLOWEST_LOOK_MILLISECONDS)) {
      const members = await this.members();
      if (members.length === 0 || performance.now() >= until()) return members;
      members.forEach(meanwhile);
      await delay(Math.min(gap, Math.max(1, until() - performance.now())));
    }
  }
}

function withDescendants(roots: readonly ProcessInfo[], all: readonly ProcessInfo[]): ProcessInfo[] {
  const members = new Map(roots.map((one) => [one.id, one]));
  for (let before = -1; before < members.size; ) {
    before = members.size;
    for (const one of all) if (members.has(one.parent)) members.set(one.id, one);
  }
  return [...members.values()];
}
