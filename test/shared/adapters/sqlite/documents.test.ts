import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSqliteDocuments, SqliteDocuments } from "../../../../shared/adapters/sqlite/documents.ts";
import { REFUSE_AFTER_LOSS_MS } from "../../../../shared/adapters/sqlite/group-commit.ts";
import { openDatabase } from "../../../../shared/adapters/sqlite/open-database.ts";
import { catalogStoreContract } from "../../../contracts/catalog-store.contract.ts";
import { datasetStoreContract } from "../../../contracts/dataset-store.contract.ts";
import { documentsContract } from "../../../contracts/documents.contract.ts";
import { pipelineStoreContract } from "../../../contracts/pipeline-store.contract.ts";
import { reuseStoreContract } from "../../../contracts/reuse-store.contract.ts";
import { runStoreContract } from "../../../contracts/run-store.contract.ts";
import { scheduleStoreContract } from "../../../contracts/schedule-store.contract.ts";

documentsContract("SQLite", async () => openSqliteDocuments({ file: ":memory:" }));
runStoreContract("SQLite", async () => openSqliteDocuments({ file: ":memory:" }));
catalogStoreContract("SQLite", async () => openSqliteDocuments({ file: ":memory:" }));
reuseStoreContract("SQLite", async () => openSqliteDocuments({ file: ":memory:" }));
datasetStoreContract("SQLite", async () => openSqliteDocuments({ file: ":memory:" }));
pipelineStoreContract("SQLite", async () => openSqliteDocuments({ file: ":memory:" }));
scheduleStoreContract("SQLite", async () => openSqliteDocuments({ file: ":memory:" }));

describe("openSqliteDocuments", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "penstock-documents-"));
    file = join(folder, "app", "penstock.db");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** What another process would find if this one stopped here. */
  const onDisk = (): string[] => {
    const other = new DatabaseSync(file, { readOnly: true });
    const keys = other.prepare("SELECT sk FROM documents ORDER BY sk").all();
    other.close();
    return keys.map((row) => String(row["sk"]));
  };

  test("finds after reopening what it stored", async () => {
    const first = openSqliteDocuments({ file });
    const created = await first.create("p", "a", { n: 1 });
    await first.close();

    const second = openSqliteDocuments({ file });

    expect(await second.read("p", "a")).toEqual(created);
    await second.close();
  });

  test("commits the writes of one turn together, and durable waits for it", async () => {
    const documents = openSqliteDocuments({ file });
    await Promise.all(["a", "b", "c"].map((sk) => documents.create("p", sk, {})));
    const before = onDisk();

    await documents.durable();

    expect(before).toEqual([]);
    expect(onDisk()).toEqual(["a", "b", "c"]);
    await documents.close();
  });

  test("commits without being asked", async () => {
    const documents = openSqliteDocuments({ file });
    await documents.create("p", "a", {});

    await expect.poll(onDisk).toEqual(["a"]);

    await documents.close();
  });

  test("undoes writes that the disk has no room for, refuses to call them durable, and goes on once there is room", async () => {
    const log: string[] = [];
    let now = 0;
    const db = openDatabase(file);
    const documents = new SqliteDocuments(db, { file, log: { error: (line) => log.push(line) }, now: () => now });
    await documents.create("p", "kept", {});
    await documents.durable();
    db.exec("PRAGMA max_page_count = 20");
    const large = { text: "x".repeat(500_000) };

    const results = await Promise.allSettled([documents.create("p", "small", {}), documents.create("p", "large", large)]);
    const early = documents.durable();

    expect(results[1]).toMatchObject({
      status: "rejected",
      reason: { kind: "unavailable", message: expect.stringContaining("free some space") },
    });
    await expect(early).rejects.toMatchObject({ kind: "unavailable", retryable: true });
    expect((await documents.list("p", { limit: 10 })).items.map(({ sk }) => sk)).toEqual(["kept"]);
    expect(log).toEqual([expect.stringContaining("were undone")]);
    db.exec("PRAGMA max_page_count = 10000");
    now = REFUSE_AFTER_LOSS_MS;
    await documents.create("p", "later", {});
    await documents.durable();
    expect(onDisk()).toEqual(["kept", "later"]);
    await documents.close();
  });

  test("does not go on giving out what was read before the disk had no room for it", async () => {
    const db = openDatabase(file);
    const documents = new SqliteDocuments(db, { file });
    const kept = await documents.create("p", "kept", { n: 1 });
    await documents.durable();
    db.exec("PRAGMA max_page_count = 20");
    await documents.replace("p", "kept", { n: 2 }, kept?.etag ?? "");
    await documents.create("p", "small", {});
    const before = [await documents.read("p", "kept"), await documents.read("p", "small")];

    await expect(documents.create("p", "large", { text: "x".repeat(500_000) })).rejects.toMatchObject({ kind: "unavailable" });

    expect(before.map((stored) => stored?.value)).toEqual([{ n: 2 }, {}]);
    expect([await documents.read("p", "kept"), await documents.read("p", "small")]).toEqual([kept, undefined]);
    await documents.close();
  });

  test("gives out the same object until the document changes, also when many others are read meanwhile", async () => {
    const documents = openSqliteDocuments({ file });
    const first = await documents.create("p", "a", { n: 1 });

    const [once, again] = [await documents.read("p", "a"), await documents.read("p", "a")];
    const second = await documents.replace("p", "a", { n: 2 }, first?.etag ?? "");
    const changed = await documents.read("p", "a");
    for (let i = 0; i < 1000; i++) {
      await documents.create("p", `other-${i}`, { i });
      await documents.read("p", `other-${i}`);
    }

    expect(again).toBe(once);
    expect(changed).toEqual(second);
    expect(await documents.read("p", "a")).toEqual(second);
    expect((await documents.read("p", "other-7"))?.value).toEqual({ i: 7 });
    await documents.close();
  });

  test("refuses a database of a newer release with the way out", () => {
    const newer = new DatabaseSync(join(folder, "newer.db"));
    newer.exec("PRAGMA user_version = 99");
    newer.close();

    const open = () => openSqliteDocuments({ file: join(folder, "newer.db") });

    expect(open).toThrow(expect.objectContaining({ kind: "incompatible", message: expect.stringMatching(/format 99.*newer release/) }));
  });

  test("refuses a database of another program", () => {
    const other = new DatabaseSync(join(folder, "other.db"));
    other.exec("PRAGMA user_version = 1");
    other.close();

    const open = () => openSqliteDocuments({ file: join(folder, "other.db") });

    expect(open).toThrow(expect.objectContaining({ kind: "incompatible" }));
  });

  test("refuses a file that is no database", () => {
    const garbage = join(folder, "garbage.db");
    writeFileSync(garbage, "not a database ".repeat(1000));

    const open = () => openSqliteDocuments({ file: garbage });

    expect(open).toThrow(expect.objectContaining({ kind: "corrupt", message: expect.stringContaining(garbage) }));
    expect(readFileSync(garbage, "utf8")).toContain("not a database");
  });

  test("finds a database cut short after an end that was not clean", async () => {
    const documents = openSqliteDocuments({ file });
    for (let i = 0; i < 50; i++) await documents.create("p", `${i}`, { text: "x".repeat(5000) });
    await documents.close();
    truncateSync(file, 40_960);
    writeFileSync(`${file}-wal`, "");

    const open = () => openSqliteDocuments({ file });

    expect(open).toThrow(expect.objectContaining({ kind: "corrupt" }));
  });

  test("says that a locked database is busy", async () => {
    const documents = new SqliteDocuments(openDatabase(file, 10), { file });
    const other = new DatabaseSync(file);
    other.exec("BEGIN IMMEDIATE");

    const write = documents.create("p", "a", {});

    await expect(write).rejects.toMatchObject({ kind: "busy", retryable: true });
    other.exec("ROLLBACK");
    expect(await documents.create("p", "a", {})).toBeDefined();
    other.close();
    await documents.close();
  });

  test("never gives an etag of an earlier process again", async () => {
    const first = openSqliteDocuments({ file });
    const lost = await first.create("p", "a", { n: 1 });
    await first.close();
    rmSync(file);

    const second = openSqliteDocuments({ file });
    const again = await second.create("p", "a", { n: 2 });

    expect(again?.etag).not.toBe(lost?.etag);
    await second.close();
  });
});
