/**
 * Where the durable half keeps its state. Synchronous: what is written is seen at once by every read that follows. After a method has
 * thrown, nothing of its transaction can be committed.
 */

export type RuntimeStatus = "Pending" | "Running" | "Suspended" | "Completed" | "Failed" | "Terminated" | "Canceled";

/** One instance in its newest execution. Times are milliseconds since the epoch, texts of values are JSON unless said otherwise. */
export interface InstanceRow {
  /** The storage's own number of the instance; a replaced instance gets a new one. */
  key: number;
  id: string;
  execution: string;
  name: string;
  status: RuntimeStatus;
  created: number;
  updated: number;
  input: string | null;
  /** JSON, or plain text where the instance failed or was terminated. */
  output: string | null;
  customStatus: string | null;
  /** JSON of the `ParentInstance` of a child. */
  parent: string | null;
}

export type NewInstance = Omit<InstanceRow, "key">;
export type InstanceChange = Pick<
  InstanceRow,
  "key" | "execution" | "status" | "created" | "updated" | "input" | "output" | "customStatus" | "parent"
>;

export interface HistoryRow {
  /** The event as JSON, as not played. */
  text: string;
  /** Digest of the input of what was scheduled. */
  digest: string | null;
}

/** An event on its way to an instance. `execution` is the one it is meant for; null: whichever runs. */
export interface MessageRow {
  id: number;
  instance: number;
  execution: string | null;
  text: string;
}

export interface TimerRow {
  id: number;
  instance: number;
  execution: string;
  due: number;
  text: string;
}

/** An activity that was scheduled and has not ended. `name` is as the orchestrator wrote it. */
export interface WorkRow {
  id: number;
  instance: number;
  /** Of that instance. */
  instanceId: string;
  execution: string;
  taskId: number;
  name: string;
  /** Text for the worker; for callHttp the request as JSON. */
  input: string | null;
}

/** All members given must hold. Instances come in the order of their keys, those after `after` only. */
export interface InstanceFilter {
  createdFrom?: number;
  createdTo?: number;
  statuses?: readonly RuntimeStatus[];
  idPrefix?: string;
  after?: number;
}

export interface DurableStorage {
  /** Opens a transaction. Every write happens inside of one. */
  begin(): void;
  /** What is committed outlives the process, but not yet a loss of power. */
  commit(): void;
  /** When it returns, everything committed is on the disk. Not inside of a transaction. */
  sync(): void;
  /** Undoes everything since {@link begin}; does nothing when no transaction is open. */
  rollback(): void;
  /** After a failure: ends what is half done and tries whether the disk takes writes. When it returns, everything committed is on it. @throws if not. */
  mend(): void;
  close(): void;

  instance(id: string): InstanceRow | undefined;
  instanceByKey(key: number): InstanceRow | undefined;
  instances(filter: InstanceFilter, limit: number): InstanceRow[];
  addInstance(row: NewInstance): number;
  changeInstance(change: InstanceChange): void;
  /** With everything that belongs to it: history, messages, timers, work. */
  deleteInstance(key: number): void;

  history(instance: number): HistoryRow[];
  /** `from` is how many events are there already. */
  addHistory(instance: number, from: number, rows: readonly HistoryRow[]): void;
  deleteHistory(instance: number): void;

  /** Oldest first. */
  messages(): MessageRow[];
  addMessage(row: Omit<MessageRow, "id">): number;
  deleteMessage(id: number): void;

  /** Earliest first, those due at `before` or earlier. */
  timers(before: number, limit: number): TimerRow[];
  /** When the earliest timer is due. */
  nextTimer(): number | undefined;
  addTimer(row: Omit<TimerRow, "id">): number;
  deleteTimer(id: number): void;
  deleteTimersOf(instance: number): void;

  /** Oldest first. */
  work(): WorkRow[];
  addWork(row: Omit<WorkRow, "id">): number;
  deleteWork(id: number): void;
}
