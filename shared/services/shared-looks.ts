/**
 * Looks that many ask for at once and that cost much: one at a time for each key. Whoever comes while one is under way shares the next with all
 * who come meanwhile, and never gets one that began before he asked: his own write is in it.
 */
export class SharedLooks<T> {
  readonly #looks = new Map<string, { now: Promise<T>; next?: Promise<T> }>();

  look(key: string, make: () => Promise<T>): Promise<T> {
    const under = this.#looks.get(key);
    if (!under) return this.#start(key, make);
    under.next ??= under.now.then(
      () => this.#start(key, make),
      () => this.#start(key, make),
    );
    return under.next;
  }

  #start(key: string, make: () => Promise<T>): Promise<T> {
    const look: { now: Promise<T>; next?: Promise<T> } = { now: make() };
    this.#looks.set(key, look);
    const end = () => {
      if (!look.next) this.#looks.delete(key);
    };
    look.now.then(end, end);
    return look.now;
  }
}
