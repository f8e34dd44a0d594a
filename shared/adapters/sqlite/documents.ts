import { randomBytes } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { checkKey, encodeDocument } from "../../ports/document-rules.ts";
import { type Documents, type ListOptions, type Page, type Stored, StoreError } from "../../ports/documents.ts";
import type { Log } from "../../ports/log.ts";
import { GroupCommit } from "./group-commit.ts";
import { listQuery } from "./list-query.ts";
import { openDatabase } from "./open-database.ts";
import { RecentDocuments } from "./recent-documents.ts";
import { toStoreError } from "./sqlite-error.ts";

interface Row {
  sk: string;
  etag: string;
  body: string;
}

export interface SqliteDocumentsOptions {
  /** Path of the database, or `:memory:`. Its folder is made if it is missing. */
  readonly file: string;
  /** Told when writes that were not yet durable were undone. */
  readonly log?: Pick<Log, "error">;
  /** Milliseconds from any fixed start, never back. */
  readonly now?: () => number;
}

/**
 * Documents in one SQLite file (WAL), one process at a time. A write is visible at once, committed with all others of the same turn of the event
 * loop, and on the disk when `durable` says so.
 * @throws {StoreError} `corrupt`, `incompatible`, `unavailable`, `busy`.
 */
export function openSqliteDocuments(options: SqliteDocumentsOptions): Documents {
  return new SqliteDocuments(openDatabase(options.file), options);
}

/** {@link openSqliteDocuments} over a database that is open already; `close` closes it. */
export class SqliteDocuments implements Documents {
  readonly #db: DatabaseSync;
  readonly #file: string;
  readonly #commit: GroupCommit;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #update: StatementSync;
  readonly #recent = new RecentDocuments();
  /** Few shapes of listings exist; each is prepared once. */
  readonly #listings = new Map<string, StatementSync>();
  /** Never the same twice, not even when a write of an earlier process was lost with the power. */
  readonly #etagPrefix = randomBytes(6).toString("base64url");
  #etags = 0;

  constructor(db: DatabaseSync, options: SqliteDocumentsOptions) {
    this.#db = db;
    this.#file = options.file;
    this.#commit = new GroupCommit(db, {
      file: options.file,
      now: options.now ?? (() => performance.now()),
      log: options.log ?? { error: () => undefined },
      onUndone: () => this.#recent.forgetAll(),
    });
    this.#insert = db.prepare("INSERT INTO documents (pk, sk, etag, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING");
    this.#select = db.prepare("SELECT sk, etag, body FROM documents WHERE pk = ? AND sk = ?");
    this.#update = db.prepare("UPDATE documents SET etag = ?, body = ? WHERE pk = ? AND sk = ? AND etag = ?");
  }

  async create<T>(pk: string, sk: string, value: T): Promise<Stored<T> | undefined> {
    checkKeys(pk, sk);
    const body = encodeDocument(value);
    const etag = this.#nextEtag();
    const { changes } = this.#commit.write(() => this.#insert.run(pk, sk, etag, body));
    return changes === 1 ? { value, etag } : undefined;
  }

  async read(pk: string, sk: string): Promise<Stored<unknown> | undefined> {
    checkKeys(pk, sk);
    const recent = this.#recent.get(pk, sk);
    if (recent) return recent;
    const row = this.#reading(() => this.#select.get(pk, sk)) as Row | undefined;
    if (!row) return undefined;
    const value = readJson(row.body);
    if (value === undefined)
      throw new StoreError("corrupt", `document ${pk}/${sk} in ${this.#file} is damaged: it is not JSON; restore a backup`);
    const stored = { value, etag: row.etag };
    this.#recent.keep(pk, sk, stored, row.body.length);
    return stored;
  }

  async replace<T>(pk: string, sk: string, value: T, etag: string): Promise<Stored<T> | undefined> {
    checkKeys(pk, sk);
    const body = encodeDocument(value);
    const next = this.#nextEtag();
    this.#recent.forget(pk, sk);
    const { changes } = this.#commit.write(() => this.#update.run(next, body, pk, sk, etag));
    return changes === 1 ? { value, etag: next } : undefined;
  }

  async list(pk: string, options: ListOptions): Promise<Page<{ sk: string; value: unknown; etag: string }>> {
    const { sql, values } = listQuery(pk, options);
    const rows = this.#reading(() => this.#listing(sql).all(...values)) as unknown as Row[];
    const items = rows.slice(0, options.limit).map(({ sk, etag, body }) => ({ sk, value: readJson(body), etag }));
    const last = items.at(-1);
    return rows.length > options.limit && last ? { items, next: last.sk } : { items };
  }

  durable(): Promise<void> {
    return this.#commit.durable();
  }

  async close(): Promise<void> {
    if (!this.#db.isOpen) return;
    this.#commit.flush();
    this.#db.close();
  }

  #listing(sql: string): StatementSync {
    const known = this.#listings.get(sql) ?? this.#db.prepare(sql);
    this.#listings.set(sql, known);
    return known;
  }

  #reading<T>(statement: () => T): T {
    try {
      return statement();
    } catch (error) {
      throw toStoreError(error, this.#file);
    }
  }

  #nextEtag(): string {
    return `${this.#etagPrefix}.${(this.#etags++).toString(36)}`;
  }
}

/** Undefined for what is not JSON: in a listing one damaged document must not hide the others. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function checkKeys(pk: string, sk: string): void {
  checkKey("pk", pk);
  checkKey("sk", sk);
}
