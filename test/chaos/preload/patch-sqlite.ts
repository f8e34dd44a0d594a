import { DatabaseSync, StatementSync } from "node:sqlite";
import type { Points } from "./points.ts";
import { tearWal, type WalEnd, walEnd } from "./wal.ts";

const COMMITS = /\bCOMMIT\b/i;
const SYNCS = /synchronous\s*=\s*FULL/i;
const MAKES_LOG = /journal_mode\s*=\s*WAL/i;
/** Statements that write nothing by themselves. */
const IDLE = /^\s*(BEGIN|ROLLBACK|SELECT|PRAGMA|SAVEPOINT|RELEASE)\b/i;

/** Makes a point of every commit, and of every write that is a transaction of its own. */
export function patchSqlite(points: Points): void {
  const database = DatabaseSync.prototype;
  const statement = StatementSync.prototype;
  const originals = { exec: database.exec, prepare: database.prepare, run: statement.run };
  const owners = new WeakMap<StatementSync, DatabaseSync>();
  /** Up to where a database's log was waited for, where not every commit is. */
  const synced = new Map<string, WalEnd | undefined>();
  /** What an earlier process left: waited for by that one, or by this one before it builds on it. */
  const found = new Map<string, WalEnd | undefined>();

  database.prepare = function (this: DatabaseSync, ...args) {
    const made = originals.prepare.apply(this, args);
    owners.set(made, this);
    return made;
  };
  database.exec = function (this: DatabaseSync, sql) {
    return write(this, sql, () => originals.exec.call(this, sql));
  };
  statement.run = function (this: StatementSync, ...args: Parameters<typeof statement.run>) {
    const owner = owners.get(this);
    const act = () => originals.run.apply(this, args);
    return owner ? write(owner, this.sourceSQL, act) : act();
  } as typeof statement.run;

  function write<T>(on: DatabaseSync, sql: string, act: () => T): T {
    const kind = kindOf(on, sql);
    const file = kind && on.location();
    if (!kind || !file) return act();
    if (points.tears && !found.has(file)) found.set(file, walEnd(file));
    const result = points.around(kind, file, act, (whole) => {
      const waitedFor = syncsEachCommit(on) ? walEnd(file) : (synced.get(file) ?? found.get(file));
      whole();
      tearWal(file, waitedFor, points.cut);
      // A loss of power takes from the others too what was not waited for.
      for (const [other, end] of synced) if (other !== file) tearWal(other, end, (points.cut * 7) % 1);
    });
    if (points.tears && kind === "sync") synced.set(file, walEnd(file));
    return result;
  }

  function syncsEachCommit(on: DatabaseSync): boolean {
    return Number(originals.prepare.call(on, "PRAGMA synchronous").get()?.["synchronous"]) >= 2;
  }
}

function kindOf(on: DatabaseSync, sql: string): string | undefined {
  if (COMMITS.test(sql)) return SYNCS.test(sql) && !MAKES_LOG.test(sql) ? "sync" : "commit";
  if (MAKES_LOG.test(sql)) return "make-log";
  return on.isTransaction || IDLE.test(sql) ? undefined : "write";
}
