/** Something whose work ends with it: what a dead host had planned never happens. */
export class Scope {
  alive = true;
}

interface Planned {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  readonly scope: Scope | undefined;
}

const immediate = setImmediate;

/**
 * All asynchronous work of a simulation, one piece after another in the order of a virtual time that nothing outside moves. Times are
 * milliseconds since the start, with fractions; what is planned for the same instant comes in the order of planning.
 */
export class Scheduler {
  now = 0;
  /** Pieces of work so far. */
  steps = 0;
  /** Runs before each piece of work, when its time has come. */
  beforeStep: () => void = () => {};
  /** Runs after each piece of work and all that follows from it at once. */
  afterStep: () => void = () => {};
  readonly #heap: Planned[] = [];
  #order = 0;

  /** The returned function takes it back. */
  after(ms: number, run: () => void, scope?: Scope): () => void {
    let wanted = true;
    this.#push({ at: this.now + ms, order: this.#order++, run: () => wanted && run(), scope });
    return () => {
      wanted = false;
    };
  }

  sleep(ms: number, scope?: Scope): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve, scope));
  }

  /** Works until `done` holds, time is up or nothing is planned. @returns whether it holds. */
  async run(done: () => boolean, until: number): Promise<boolean> {
    while (!done()) {
      const next = this.#heap[0];
      if (!next || next.at > until) {
        this.now = Math.max(this.now, until);
        return done();
      }
      this.#pop();
      if (next.scope?.alive === false) continue;
      this.now = Math.max(this.now, next.at);
      this.steps++;
      this.beforeStep();
      next.run();
      // All promises that can move have moved when the event loop comes round.
      await new Promise<void>((resolve) => immediate(resolve));
      this.afterStep();
    }
    return true;
  }

  #push(one: Planned): void {
    const heap = this.#heap;
    let at = heap.push(one) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (!parent || isEarlier(parent, one)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = one;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
      const child = left && right && isEarlier(right, left) ? right : left;
      if (!child || isEarlier(last, child)) break;
      heap[at] = child;
      at = child === left ? 2 * at + 1 : 2 * at + 2;
    }
    heap[at] = last;
  }
}

function isEarlier(one: Planned, other: Planned): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
