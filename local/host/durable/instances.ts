import { isFinished, type LoadedInstance } from "./loaded-instance.ts";
import type { DurableStorage, InstanceRow } from "./storage.ts";

/**
 * The instances in memory. Those with nothing to do stay for a while, so that a busy one is not read anew for each of its
 * episodes; the longest unused go first. Everything about them stands in the storage.
 */
export class Instances {
  private readonly byKey = new Map<number, LoadedInstance>();
  /** In the order in which they were last used. */
  private readonly idle = new Map<number, LoadedInstance>();

  constructor(
    private readonly storage: DurableStorage,
    private readonly load: (row: InstanceRow) => LoadedInstance,
    private readonly mostIdle: number,
  ) {}

  get size(): number {
    return this.byKey.size;
  }

  /** From memory or else from the storage; undefined when there is no such instance. */
  find(key: number): LoadedInstance | undefined {
    const loaded = this.byKey.get(key);
    if (loaded) return loaded;
    const row = this.storage.instanceByKey(key);
    return row && this.add(this.load(row));
  }

  /** From memory only. */
  peek(key: number): LoadedInstance | undefined {
    return this.byKey.get(key);
  }

  add(instance: LoadedInstance): LoadedInstance {
    this.byKey.set(instance.row.key, instance);
    return instance;
  }

  drop(key: number): void {
    this.byKey.delete(key);
    this.idle.delete(key);
  }

  /** Something came for it. */
  use(instance: LoadedInstance): void {
    this.idle.delete(instance.row.key);
  }

  /** Nothing is left to do for it now. */
  rest(instance: LoadedInstance): void {
    const { key, status } = instance.row;
    if (isFinished(status)) {
      this.drop(key);
      return;
    }
    this.idle.delete(key);
    this.idle.set(key, instance);
    for (const [oldest] of this.idle) {
      if (this.idle.size <= this.mostIdle) break;
      this.drop(oldest);
    }
  }
}
