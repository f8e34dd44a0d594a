import type { StatementSync } from "node:sqlite";
import type { CommandJob, JobStatus } from "../contract.ts";
import { isTerminal } from "../contract.ts";
import type { ProcessIdentity } from "../jobs/processes.ts";
import type { Journal } from "./journal.ts";

/** Why a job is being ended from outside. A pre-empted one goes back to the queue. */
export type EndingReason = "cancel" | "timeout" | "preemption";

export interface JobFailure {
  code: string;
  message: string;
}

export interface JobState {
  status: JobStatus;
  /** When `status` came about. */
  statusAt: string;
  /** Counts the changes of status; `notified` is the last count that the subscriber of events acknowledged. */
  changes: number;
  notified: number;
  createdAt: string;
  startedAt?: string;
  endedAt?: string;
  /** Which launch this is, from 1; a pre-empted job is launched again. 0: not yet. Stored before the process is started. */
  launch: number;
  /** The secret in the environment of everything the launch starts. */
  marker?: string;
  process?: ProcessIdentity;
  ending?: EndingReason;
  warnings: string[];
  failure?: JobFailure;
  /** Whether leftover processes and the job's folder are gone. */
  tidied: boolean;
}

/** A job as it is on disk. Change it through {@link JobRecords} only. */
export interface JobRecord {
  name: string;
  /** Order of submission, from 1. */
  position: number;
  properties: CommandJob;
  state: JobState;
}

/** Jobs by name. Those that still need something (an end, an acknowledged event, tidying) are kept in memory, one object each. */
export class JobRecords {
  readonly #journal: Journal;
  readonly #open = new Map<string, JobRecord>();
  readonly #select: StatementSync;
  readonly #page: StatementSync;
  readonly #insert: StatementSync;
  readonly #saveState: StatementSync;
  readonly #saveProperties: StatementSync;

  constructor(journal: Journal) {
    const { database } = journal;
    this.#journal = journal;
    this.#select = database.prepare("SELECT * FROM jobs WHERE name = ?");
    this.#page = database.prepare("SELECT * FROM jobs WHERE position < ? ORDER BY position DESC LIMIT ?");
    this.#insert = database.prepare("INSERT INTO jobs (name, properties, state, open) VALUES (?, ?, ?, 1)");
    this.#saveState = database.prepare("UPDATE jobs SET state = ?, open = ? WHERE position = ?");
    this.#saveProperties = database.prepare("UPDATE jobs SET properties = ? WHERE position = ?");
    for (const row of database.prepare("SELECT * FROM jobs WHERE open = 1 ORDER BY position").all()) {
      const record = toRecord(row);
      this.#open.set(record.name, record);
    }
  }

  /** In order of submission. */
  open(): JobRecord[] {
    return [...this.#open.values()];
  }

  get(name: string): JobRecord | undefined {
    const open = this.#open.get(name);
    if (open) return open;
    const row = this.#select.get(name);
    return row && toRecord(row);
  }

  /** Newest first, those submitted before `position`. */
  page(before: number, count: number): JobRecord[] {
    return this.#page.all(before, count).map((row) => this.#open.get(String(row["name"])) ?? toRecord(row));
  }

  /** Stores a new job and gives it its position. */
  insert(record: JobRecord): void {
    const { name, properties, state } = record;
    const run = () => this.#insert.run(name, JSON.stringify(properties), JSON.stringify(state));
    record.position = Number(this.#journal.write(run).lastInsertRowid);
    this.#open.set(name, record);
  }

  saveProperties(record: JobRecord): void {
    this.#journal.write(() => this.#saveProperties.run(JSON.stringify(record.properties), record.position));
  }

  /** Stores the state with this turn's commit. */
  save(record: JobRecord): void {
    this.#journal.write(() => this.#update(record));
  }

  /** Stores a state that a restart would find again by itself. */
  saveLazily(record: JobRecord): void {
    this.#journal.writeLazily(() => this.#update(record));
  }

  #update(record: JobRecord): void {
    const { state } = record;
    const open = !isTerminal(state.status) || state.notified < state.changes || !state.tidied;
    if (!open) this.#open.delete(record.name);
    this.#saveState.run(JSON.stringify(state), open ? 1 : 0, record.position);
  }
}

function toRecord(row: Record<string, unknown>): JobRecord {
  return {
    name: String(row["name"]),
    position: Number(row["position"]),
    properties: JSON.parse(String(row["properties"])),
    state: JSON.parse(String(row["state"])),
  };
}
