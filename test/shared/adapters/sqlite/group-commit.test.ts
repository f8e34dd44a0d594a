import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CREATE_SYNCS, GroupCommit, REFUSE_AFTER_LOSS_MS } from "../../../../shared/adapters/sqlite/group-commit.ts";

describe("GroupCommit", () => {
  let db: DatabaseSync;
  let now: number;
  let commit: GroupCommit;
  beforeEach(() => {
    db = new DatabaseSync(":memory:");
    // A reference to nowhere passes the statement and fails the commit.
    db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, up INTEGER REFERENCES t DEFERRABLE INITIALLY DEFERRED)");
    db.exec(CREATE_SYNCS);
    now = 0;
    commit = new GroupCommit(db, { file: "a.db", now: () => now, log: { error: () => undefined } });
  });
  afterEach(() => db.close());

  const insert = (id: number, up: number | null = null) => commit.write(() => db.prepare("INSERT INTO t VALUES (?, ?)").run(id, up));
  const ids = () =>
    db
      .prepare("SELECT id FROM t ORDER BY id")
      .all()
      .map((row) => row["id"]);

  test("undoes every write of a commit that fails and tells who waits for it", async () => {
    insert(1);
    await commit.durable();
    insert(2);
    insert(3, 99);

    const durable = commit.durable();

    await expect(durable).rejects.toMatchObject({ kind: "unavailable" });
    expect(ids()).toEqual([1]);
  });

  test("does not call durable later what was lost before anyone waited", async () => {
    insert(1, 99);
    commit.flush();

    const durable = commit.durable();

    await expect(durable).rejects.toMatchObject({ kind: "unavailable" });
    expect(() => insert(2)).toThrow(expect.objectContaining({ kind: "unavailable" }));
  });

  test("waits for the disk where somebody asks, and once for all that was written before", async () => {
    const syncs = () => db.prepare("SELECT n FROM syncs").get()?.["n"];
    insert(1);
    await new Promise(setImmediate);
    insert(2);
    await new Promise(setImmediate);
    const before = syncs();

    await Promise.all([commit.durable(), commit.durable()]);
    await commit.durable();

    expect(before).toBe(0);
    expect(syncs()).toBe(1);
  });

  test("refuses what comes after a sync that failed, and tells who waits for it", async () => {
    insert(1);
    await new Promise(setImmediate);
    db.exec("DROP TABLE syncs");

    const durable = commit.durable();

    await expect(durable).rejects.toMatchObject({ kind: "unavailable" });
    expect(() => insert(2)).toThrow(expect.objectContaining({ kind: "unavailable" }));
  });

  test("takes writes again once nobody can wait for the lost ones", async () => {
    insert(1, 99);
    commit.flush();
    now = REFUSE_AFTER_LOSS_MS;

    insert(2);
    await commit.durable();

    expect(ids()).toEqual([2]);
  });

  test("takes writes again only when the log could be carried over into the database", async () => {
    const folder = mkdtempSync(join(tmpdir(), "group-commit-"));
    const file = join(folder, "a.db");
    const [writer, reader] = [new DatabaseSync(file, { timeout: 0 }), new DatabaseSync(file, { timeout: 0 })];
    try {
      writer.exec(
        `PRAGMA journal_mode = WAL; ${CREATE_SYNCS}; CREATE TABLE t (id INTEGER PRIMARY KEY, up INTEGER REFERENCES t DEFERRABLE INITIALLY DEFERRED)`,
      );
      const onFile = new GroupCommit(writer, { file, now: () => now, log: { error: () => undefined } });
      reader.exec("BEGIN; SELECT * FROM t");
      reader.prepare("SELECT * FROM t").all();
      onFile.write(() => writer.prepare("INSERT INTO t VALUES (1, 99)").run());
      onFile.flush();
      const write = () => onFile.write(() => writer.prepare("INSERT INTO t VALUES (2, NULL)").run());

      now = REFUSE_AFTER_LOSS_MS;
      expect(write).toThrow(expect.objectContaining({ kind: "unavailable" }));
      reader.exec("COMMIT");
      now = 2 * REFUSE_AFTER_LOSS_MS;
      write();
      await onFile.durable();

      expect(reader.prepare("SELECT id FROM t").all()).toEqual([{ id: 2 }]);
    } finally {
      writer.close();
      reader.close();
      rmSync(folder, { recursive: true });
    }
  });
});
