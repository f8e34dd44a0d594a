import type { DatabaseSync, SQLInputValue, StatementResultingChanges, StatementSync } from "node:sqlite";
import { openStateFile, readable } from "./open-state-file.ts";
import { STATUSES } from "./sqlite-schema.ts";
import type {
  DurableStorage,
  HistoryRow,
  InstanceChange,
  InstanceFilter,
  InstanceRow,
  MessageRow,
  NewInstance,
  RuntimeStatus,
  TimerRow,
  WorkRow,
} from "./storage.ts";

/** Text that sorts behind everything that begins with a prefix: SQLite compares bytes, and no UTF-8 text has 0xFF; U+10FFFF is the last character. */
const LAST_CHARACTER = "\u{10FFFF}";

/** What must fit onto the disk before it counts as mended: else the next commit would fail again. */
const ROOM_BYTES = 1024 * 1024;

type Row = Record<string, SQLInputValue>;

/**
 * The state in one SQLite file, in WAL mode and held exclusively while open. A plain commit is in order and outlives the
 * process but not a loss of power; `sync` carries everything to the disk, as a commit at the level FULL does.
 * After an end that was not clean the whole file is checked first.
 * @throws {StateError} another host has the file open, a newer program wrote it, it is damaged, or it cannot be written to.
 */
export function openSqliteStorage(path: string): DurableStorage {
  const db = openStateFile(path);
  const storage = new SqliteStorage(db);
  try {
    storage.sync(); // what a killed process left in the log is on the disk before anything is built on it
  } catch (error) {
    storage.close();
    throw readable(error, path);
  }
  return storage;
}

class SqliteStorage implements DurableStorage {
  private readonly statements = new Map<string, StatementSync>();
  /** A statement that fails ends it: SQLite may have undone all that came before, and what followed would stand alone. */
  private isOpen = false;
  private failure: unknown;

  constructor(private readonly db: DatabaseSync) {}

  begin(): void {
    this.statement("BEGIN IMMEDIATE").run();
    this.isOpen = true;
    this.failure = undefined;
  }

  commit(): void {
    this.run("COMMIT");
    this.isOpen = false;
  }

  sync(): void {
    // The sync of a commit covers all that was written to the log before it; the level cannot be changed inside a transaction.
    this.db.exec("PRAGMA synchronous = FULL; BEGIN IMMEDIATE; UPDATE syncs SET n = n + 1; COMMIT; PRAGMA synchronous = NORMAL");
  }

  rollback(): void {
    this.isOpen = false;
    if (this.db.isTransaction) this.db.exec("ROLLBACK");
  }

  mend(): void {
    this.rollback();
    // A sync that failed may have left a hole in the log, behind which all that came later would be lost with the power: it is begun anew.
    this.db.exec(`PRAGMA wal_checkpoint(TRUNCATE); PRAGMA synchronous = FULL; DROP TABLE IF EXISTS room;
      CREATE TABLE room AS SELECT zeroblob(${ROOM_BYTES}) AS bytes; DROP TABLE room; PRAGMA synchronous = NORMAL`);
  }

  close(): void {
    this.statements.clear();
    this.db.close();
  }

  instance(id: string): InstanceRow | undefined {
    return readInstance(this.get("SELECT * FROM instances WHERE id = ?", id));
  }

  instanceByKey(key: number): InstanceRow | undefined {
    return readInstance(this.get("SELECT * FROM instances WHERE key = ?", key));
  }

  instances(filter: InstanceFilter, limit: number): InstanceRow[] {
    const { idPrefix } = filter;
    const statuses = filter.statuses?.map((status) => STATUSES.indexOf(status as (typeof STATUSES)[number]));
    const conditions: [string, SQLInputValue | undefined][] = [
      ["key > ?", filter.after],
      ["created >= ?", filter.createdFrom],
      ["created <= ?", filter.createdTo],
      ["id >= ?", idPrefix],
      ["id < ?", idPrefix === undefined ? undefined : idPrefix + LAST_CHARACTER],
      ["status IN (SELECT value FROM json_each(?))", statuses && JSON.stringify(statuses)],
    ];
    const given = conditions.filter((condition): condition is [string, SQLInputValue] => condition[1] !== undefined);
    const where = given.length === 0 ? "" : `WHERE ${given.map(([text]) => text).join(" AND ")}`;
    const rows = this.all(`SELECT * FROM instances ${where} ORDER BY key LIMIT ?`, ...given.map(([, value]) => value), limit);
    return rows.map(readInstance).filter((row) => row !== undefined);
  }

  addInstance(row: NewInstance): number {
    return this.insert(
      "INSERT INTO instances (id, execution, name, status, created, updated, input, output, customStatus, parent) VALUES (?,?,?,?,?,?,?,?,?,?)",
      ...[
        row.id,
        row.execution,
        row.name,
        statusNumber(row.status),
        row.created,
        row.updated,
        row.input,
        row.output,
        row.customStatus,
        row.parent,
      ],
    );
  }

  changeInstance(row: InstanceChange): void {
    this.run(
      "UPDATE instances SET execution = ?, status = ?, created = ?, updated = ?, input = ?, output = ?, customStatus = ?, parent = ? WHERE key = ?",
      ...[row.execution, statusNumber(row.status), row.created, row.updated, row.input, row.output, row.customStatus, row.parent, row.key],
    );
  }

  deleteInstance(key: number): void {
    this.deleteHistory(key);
    this.deleteTimersOf(key);
    this.run("DELETE FROM messages WHERE instance = ?", key);
    this.run("DELETE FROM work WHERE instance = ?", key);
    this.run("DELETE FROM instances WHERE key = ?", key);
  }

  history(instance: number): HistoryRow[] {
    return this.all("SELECT text, digest FROM history WHERE instance = ? ORDER BY seq", instance) as unknown as HistoryRow[];
  }

  addHistory(instance: number, from: number, rows: readonly HistoryRow[]): void {
    rows.forEach((row, i) => {
      this.run("INSERT INTO history (instance, seq, text, digest) VALUES (?,?,?,?)", instance, from + i, row.text, row.digest);
    });
  }

  deleteHistory(instance: number): void {
    this.run("DELETE FROM history WHERE instance = ?", instance);
  }

  messages(): MessageRow[] {
    return this.all("SELECT * FROM messages ORDER BY id") as unknown as MessageRow[];
  }

  addMessage(row: Omit<MessageRow, "id">): number {
    return this.insert("INSERT INTO messages (instance, execution, text) VALUES (?,?,?)", row.instance, row.execution, row.text);
  }

  deleteMessage(id: number): void {
    this.run("DELETE FROM messages WHERE id = ?", id);
  }

  timers(before: number, limit: number): TimerRow[] {
    return this.all("SELECT * FROM timers WHERE due <= ? ORDER BY due, id LIMIT ?", before, limit) as unknown as TimerRow[];
  }

  nextTimer(): number | undefined {
    const due = this.get("SELECT MIN(due) AS due FROM timers")?.["due"];
    return typeof due === "number" ? due : undefined;
  }

  addTimer(row: Omit<TimerRow, "id">): number {
    return this.insert(
      "INSERT INTO timers (instance, execution, due, text) VALUES (?,?,?,?)",
      row.instance,
      row.execution,
      row.due,
      row.text,
    );
  }

  deleteTimer(id: number): void {
    this.run("DELETE FROM timers WHERE id = ?", id);
  }

  deleteTimersOf(instance: number): void {
    this.run("DELETE FROM timers WHERE instance = ?", instance);
  }

  work(): WorkRow[] {
    return this.all(
      "SELECT work.*, instances.id AS instanceId FROM work JOIN instances ON instances.key = work.instance ORDER BY work.id",
    ) as unknown as WorkRow[];
  }

  addWork(row: Omit<WorkRow, "id">): number {
    return this.insert(
      "INSERT INTO work (instance, execution, taskId, name, input) VALUES (?,?,?,?,?)",
      row.instance,
      row.execution,
      row.taskId,
      row.name,
      row.input,
    );
  }

  deleteWork(id: number): void {
    this.run("DELETE FROM work WHERE id = ?", id);
  }

  private statement(sql: string): StatementSync {
    let statement = this.statements.get(sql);
    if (!statement) {
      statement = this.db.prepare(sql);
      this.statements.set(sql, statement);
    }
    return statement;
  }

  private insert(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.run(sql, ...values).lastInsertRowid);
  }

  private run(sql: string, ...values: SQLInputValue[]): StatementResultingChanges {
    if (!this.isOpen) throw this.failure ?? new Error("a write outside of a transaction");
    try {
      return this.statement(sql).run(...values);
    } catch (error) {
      this.isOpen = false;
      this.failure = error;
      throw error;
    }
  }

  private get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.statement(sql).get(...values) as Row | undefined;
  }

  private all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.statement(sql).all(...values) as Row[];
  }
}

function statusNumber(status: RuntimeStatus): number {
  return STATUSES.indexOf(status);
}

function readInstance(row: Row | undefined): InstanceRow | undefined {
  return row && ({ ...row, status: STATUSES[Number(row["status"])] } as unknown as InstanceRow);
}
