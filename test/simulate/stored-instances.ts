import type {
  DurableStorage,
  HistoryRow,
  InstanceChange,
  InstanceFilter,
  InstanceRow,
  MessageRow,
  NewInstance,
  TimerRow,
  WorkRow,
} from "../../local/host/durable/storage.ts";
import { Journal } from "./journal.ts";

/** The engine's file, in memory: it outlives hosts, and a crash may take what was not synced. */
export class StoredInstances implements DurableStorage {
  readonly journal = new Journal();
  /** Told of each commit. */
  onCommit: () => void = () => {};
  /** Told of each instance as it was and as it is; undefined: it is new, or it is gone. */
  onInstance: (before: InstanceRow | undefined, after: InstanceRow | undefined) => void = () => {};
  /** Told of events that a history gets, before it has them. */
  onHistory: (instance: InstanceRow, there: readonly HistoryRow[], from: number, added: readonly HistoryRow[]) => void = () => {};
  readonly #instances = new Map<number, InstanceRow>();
  readonly #keys = new Map<string, number>();
  readonly #histories = new Map<number, HistoryRow[]>();
  readonly #messages = new Map<number, MessageRow>();
  readonly #timers = new Map<number, TimerRow>();
  readonly #work = new Map<number, WorkRow>();
  #numbers = 0;

  begin(): void {
    this.journal.begin();
  }
  commit(): void {
    this.journal.commit();
    this.onCommit();
  }
  sync(): void {
    this.journal.sync();
  }
  rollback(): void {
    this.journal.rollback();
  }
  mend(): void {
    this.rollback();
  }
  close(): void {}

  instance(id: string): InstanceRow | undefined {
    const key = this.#keys.get(id);
    return key === undefined ? undefined : this.#instances.get(key);
  }
  instanceByKey(key: number): InstanceRow | undefined {
    return this.#instances.get(key);
  }
  instances({ after = 0, statuses, idPrefix = "" }: InstanceFilter, limit: number): InstanceRow[] {
    const fits = ({ key, id, status }: InstanceRow) =>
      key > after && id.startsWith(idPrefix) && (statuses === undefined || statuses.includes(status));
    return [...this.#instances.values()].filter(fits).slice(0, limit);
  }
  addInstance(row: NewInstance): number {
    const added = { ...row, key: ++this.#numbers };
    this.onInstance(undefined, added);
    this.#set(this.#instances, added.key, added);
    this.#set(this.#keys, added.id, added.key);
    return added.key;
  }
  changeInstance(change: InstanceChange): void {
    const before = this.#instances.get(change.key);
    if (!before) return;
    const after = { ...before, ...change };
    this.onInstance(before, after);
    this.#set(this.#instances, change.key, after);
  }
  deleteInstance(key: number): void {
    const row = this.#instances.get(key);
    if (!row) return;
    this.onInstance(row, undefined);
    this.deleteHistory(key);
    this.deleteTimersOf(key);
    for (const table of [this.#messages, this.#work])
      for (const { id, instance } of [...table.values()]) if (instance === key) this.#delete<number, MessageRow | WorkRow>(table, id);
    this.#delete(this.#keys, row.id);
    this.#delete(this.#instances, key);
  }

  history(instance: number): HistoryRow[] {
    return this.#histories.get(instance) ?? [];
  }
  addHistory(instance: number, from: number, rows: readonly HistoryRow[]): void {
    const there = this.history(instance);
    const row = this.#instances.get(instance);
    if (row) this.onHistory(row, there, from, rows);
    this.#set(this.#histories, instance, [...there, ...rows.map(({ text, digest }) => ({ text, digest }))]);
  }
  deleteHistory(instance: number): void {
    this.#delete(this.#histories, instance);
  }

  messages(): MessageRow[] {
    return inOrder(this.#messages, (a, b) => a.id - b.id);
  }
  addMessage({ instance, execution, text }: Omit<MessageRow, "id">): number {
    const id = ++this.#numbers;
    this.#set(this.#messages, id, { id, instance, execution, text });
    return id;
  }
  deleteMessage(id: number): void {
    this.#delete(this.#messages, id);
  }

  timers(before: number, limit: number): TimerRow[] {
    return inOrder(this.#timers, (a, b) => a.due - b.due || a.id - b.id)
      .filter(({ due }) => due <= before)
      .slice(0, limit);
  }
  nextTimer(): number | undefined {
    let next: number | undefined;
    for (const { due } of this.#timers.values()) if (next === undefined || due < next) next = due;
    return next;
  }
  addTimer(row: Omit<TimerRow, "id">): number {
    const id = ++this.#numbers;
    this.#set(this.#timers, id, { ...row, id });
    return id;
  }
  deleteTimer(id: number): void {
    this.#delete(this.#timers, id);
  }
  deleteTimersOf(instance: number): void {
    for (const timer of [...this.#timers.values()]) if (timer.instance === instance) this.#delete(this.#timers, timer.id);
  }

  work(): WorkRow[] {
    return inOrder(this.#work, (a, b) => a.id - b.id);
  }
  addWork(row: Omit<WorkRow, "id">): number {
    const id = ++this.#numbers;
    this.#set(this.#work, id, { ...row, id });
    return id;
  }
  deleteWork(id: number): void {
    this.#delete(this.#work, id);
  }

  #set<K, V>(table: Map<K, V>, key: K, value: V): void {
    const before = table.get(key);
    this.journal.write(() => (before === undefined ? table.delete(key) : table.set(key, before)));
    table.set(key, value);
  }

  #delete<K, V>(table: Map<K, V>, key: K): void {
    const before = table.get(key);
    if (before === undefined) return;
    this.journal.write(() => table.set(key, before));
    table.delete(key);
  }
}

function inOrder<T>(table: ReadonlyMap<number, T>, by: (a: T, b: T) => number): T[] {
  return [...table.values()].sort(by);
}
