import type { DatabaseSync } from "node:sqlite";
import { openDatabase } from "../open-database.ts";
import type { BlobFile } from "./blob-file.ts";

const SCHEMA = `
CREATE TABLE IF NOT EXISTS blobs (path TEXT PRIMARY KEY, etag TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deliveries (position INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL, etag TEXT NOT NULL,
  size INTEGER NOT NULL, seenAt TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS deliveriesByDue ON deliveries (due, position);
`;

/** An event that is still to be acknowledged. `seenAt` is ISO 8601, UTC; `attempts` counts those that failed. */
export interface Delivery extends BlobFile {
  readonly position: number;
  readonly seenAt: string;
  readonly attempts: number;
}

/**
 * What has been seen of the container and which events are still to be delivered, in SQLite. A blob and its event are noted in one
 * transaction; what a crash loses of both, the next scan finds again, so a commit need not reach the disk at once.
 */
export class StorageRecords {
  private readonly database: DatabaseSync;
  private readonly statements;

  constructor(file: string) {
    this.database = openDatabase(file, (database) => {
      database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000;");
      database.exec(SCHEMA);
      database.exec("UPDATE deliveries SET due = 0"); // nobody is sending, and nobody need wait for what was down the last time
    });
    const prepare = (sql: string) => this.database.prepare(sql);
    this.statements = {
      etag: prepare("SELECT etag FROM blobs WHERE path = ?"),
      paths: prepare("SELECT path FROM blobs"),
      note: prepare("INSERT INTO blobs (path, etag) VALUES (?, ?) ON CONFLICT DO UPDATE SET etag = excluded.etag"),
      forget: prepare("DELETE FROM blobs WHERE path = ?"),
      add: prepare("INSERT INTO deliveries (path, etag, size, seenAt) VALUES (?, ?, ?, ?)"),
      due: prepare("SELECT position, path, etag, size, seenAt, attempts FROM deliveries WHERE due <= ? ORDER BY due, position LIMIT ?"),
      postpone: prepare("UPDATE deliveries SET attempts = ?, due = ? WHERE position = ?"),
      remove: prepare("DELETE FROM deliveries WHERE position = ?"),
      nextDue: prepare("SELECT min(due) AS due FROM deliveries"),
    };
  }

  isKnown({ path, etag }: BlobFile): boolean {
    return this.statements.etag.get(path)?.["etag"] === etag;
  }

  paths(): string[] {
    return this.statements.paths.all().map((row) => String(row["path"]));
  }

  /** Notes files and an event for each that is new or changed. @returns How many those were. */
  note(files: readonly BlobFile[], seenAt: string): number {
    const fresh = files.filter((file) => !this.isKnown(file));
    this.transaction(fresh, ({ path, size, etag }) => {
      this.statements.note.run(path, etag);
      this.statements.add.run(path, etag, size, seenAt);
    });
    return fresh.length;
  }

  forget(paths: readonly string[]): void {
    this.transaction(paths, (path) => this.statements.forget.run(path));
  }

  /** Events whose time has come, the longest waiting first. They are not given again before `until` (milliseconds since the epoch). */
  take(now: number, limit: number, until: number): Delivery[] {
    const rows = this.statements.due.all(now, limit) as unknown as Delivery[];
    this.transaction(rows, ({ position, attempts }) => this.statements.postpone.run(attempts, until, position));
    return rows;
  }

  acknowledge(deliveries: readonly Delivery[]): void {
    this.transaction(deliveries, ({ position }) => this.statements.remove.run(position));
  }

  postpone(delivery: Delivery, until: number): void {
    this.statements.postpone.run(delivery.attempts + 1, until, delivery.position);
  }

  /** When the next event is due, in milliseconds since the epoch; undefined when none waits. */
  nextDue(): number | undefined {
    return (this.statements.nextDue.get()?.["due"] as number | null) ?? undefined;
  }

  close(): void {
    this.database.close();
  }

  private transaction<T>(items: readonly T[], change: (item: T) => void): void {
    if (items.length === 0) return;
    this.database.exec("BEGIN IMMEDIATE");
    try {
      for (const item of items) change(item);
      this.database.exec("COMMIT");
    } catch (error) {
      this.database.exec("ROLLBACK");
      throw error;
    }
  }
}
