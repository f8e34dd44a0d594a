import fs from "node:fs";
import promises, { type FileHandle } from "node:fs/promises";
import { devNull } from "node:os";
import { basename } from "node:path";
import { DatabaseSync, StatementSync } from "node:sqlite";
import { SyncLevel } from "./sync-level.ts";

type Count = (file: string) => void;

/** Counts syncs of files, by whichever of the three ways they are asked for. */
export async function countFileSyncs(count: Count): Promise<void> {
  for (const name of ["fsyncSync", "fdatasyncSync"] as const) {
    const original = fs[name];
    fs[name] = (file) => {
      count("files");
      original(file);
    };
  }
  for (const name of ["fsync", "fdatasync"] as const) {
    const original = fs[name];
    fs[name] = ((file: number, done: fs.NoParamCallback) => {
      count("files");
      original(file, done);
    }) as typeof original;
  }
  const one = await promises.open(devNull);
  const handle: FileHandle = Object.getPrototypeOf(one);
  await one.close();
  for (const name of ["sync", "datasync"] as const) {
    const original = handle[name];
    handle[name] = function (this: FileHandle) {
      count("files");
      return original.call(this);
    };
  }
}

/** Counts the waits of SQLite, by database. */
export function countSqliteSyncs(count: Count): void {
  const database = DatabaseSync.prototype;
  const statement = StatementSync.prototype;
  const original = { exec: database.exec, prepare: database.prepare, run: statement.run };
  const owners = new WeakMap<StatementSync, DatabaseSync>();
  const levels = new WeakMap<DatabaseSync, SyncLevel>();

  const note = (on: DatabaseSync, sql: string) => {
    const level = levels.get(on) ?? new SyncLevel();
    levels.set(on, level);
    const file = on.location();
    for (let syncs = level.syncsOf(sql, on.isTransaction); syncs > 0 && file !== null; syncs--) count(basename(file));
  };
  database.prepare = function (this: DatabaseSync, ...args) {
    const made = original.prepare.apply(this, args);
    owners.set(made, this);
    return made;
  };
  database.exec = function (this: DatabaseSync, sql) {
    note(this, sql);
    return original.exec.call(this, sql);
  };
  statement.run = function (this: StatementSync, ...args: Parameters<typeof statement.run>) {
    const owner = owners.get(this);
    if (owner) note(owner, this.sourceSQL);
    return original.run.apply(this, args);
  } as typeof statement.run;
}
