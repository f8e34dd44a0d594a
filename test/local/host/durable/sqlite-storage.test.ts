import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSqliteStorage } from "../../../../local/host/durable/sqlite-storage.ts";
import type { DurableStorage, NewInstance } from "../../../../local/host/durable/storage.ts";

let folder: string;
let file: string;
const opened: DurableStorage[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "penstock-durable-"));
  file = join(folder, "durable.sqlite");
});
afterEach(() => {
  for (const storage of opened.splice(0)) storage.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(path = file): DurableStorage {
  const storage = openSqliteStorage(path);
  opened.push(storage);
  return storage;
}

function anInstance(id: string, more: Partial<NewInstance> = {}): NewInstance {
  return {
    id,
    execution: "e",
    name: "program",
    status: "Running",
    created: 1,
    updated: 2,
    input: "1",
    output: null,
    customStatus: null,
    parent: null,
    ...more,
  };
}

/** The files as a killed process leaves them. */
function copyOf(path: string): string {
  const copy = join(folder, "copy.sqlite");
  for (const end of ["", "-wal"]) if (existsSync(path + end)) copyFileSync(path + end, copy + end);
  return copy;
}

describe("the SQLite storage", () => {
  test("keeps what was committed and nothing else when the process is killed", () => {
    const storage = open();
    storage.begin();
    const kept = storage.addInstance(anInstance("kept"));
    storage.addHistory(kept, 0, [{ text: "{}", digest: "d" }]);
    storage.commit();
    storage.begin();
    storage.addInstance(anInstance("lost"));

    const after = open(copyOf(file));

    expect(after.instance("kept")).toMatchObject({ key: kept, status: "Running", input: "1" });
    expect(after.history(kept)).toEqual([{ text: "{}", digest: "d" }]);
    expect(after.instance("lost")).toBeUndefined();
    storage.rollback();
  });

  test("takes everything of an instance along when it is deleted", () => {
    const storage = open();
    storage.begin();
    const key = storage.addInstance(anInstance("gone"));
    storage.addHistory(key, 0, [{ text: "{}", digest: null }]);
    storage.addMessage({ instance: key, execution: null, text: "{}" });
    storage.addTimer({ instance: key, execution: "e", due: 1, text: "{}" });
    storage.addWork({ instance: key, instanceId: "gone", execution: "e", taskId: 0, name: "echo", input: null });

    storage.deleteInstance(key);

    expect([storage.history(key), storage.messages(), storage.timers(9, 9), storage.work(), storage.nextTimer()]).toEqual([
      [],
      [],
      [],
      [],
      undefined,
    ]);
    storage.commit();
  });

  test("never gives the number of a deleted instance to another one", () => {
    const storage = open();
    storage.begin();
    const first = storage.addInstance(anInstance("first"));
    storage.deleteInstance(first);

    const second = storage.addInstance(anInstance("second"));

    expect(second).toBeGreaterThan(first);
    storage.commit();
  });

  test("lists by prefix, status, time and page", () => {
    const storage = open();
    storage.begin();
    for (const [i, status] of (["Running", "Failed", "Completed", "Failed"] as const).entries())
      storage.addInstance(anInstance(`a%_${i}`, { status, created: i }));
    storage.addInstance(anInstance("b"));
    storage.commit();
    const ids = (filter: Parameters<DurableStorage["instances"]>[0], limit = 10) => storage.instances(filter, limit).map((row) => row.id);

    expect(ids({ idPrefix: "a%_" })).toEqual(["a%_0", "a%_1", "a%_2", "a%_3"]);
    expect(ids({ statuses: ["Failed"] })).toEqual(["a%_1", "a%_3"]);
    expect(ids({ createdFrom: 1, createdTo: 2 })).toEqual(["a%_1", "a%_2", "b"]);
    expect(ids({ after: 2 }, 2)).toEqual(["a%_2", "a%_3"]);
  });

  test("refuses a second host on the same file, saying what to do", () => {
    open();

    expect(() => openSqliteStorage(file)).toThrow(/in use by another host\. Stop that one/);
  });

  test("refuses the state of a newer program and leaves it as it is", () => {
    const newer = new DatabaseSync(file);
    newer.exec("PRAGMA user_version = 99; CREATE TABLE theirs (x)");
    newer.close();

    expect(() => openSqliteStorage(file)).toThrow(/version 99; this program knows versions up to 1/);
    const after = new DatabaseSync(file);
    expect(after.prepare("SELECT name FROM sqlite_schema").all()).toHaveLength(1);
    after.close();
  });

  test("says of a damaged file that it is damaged", () => {
    writeFileSync(file, "this was never a database, but it is longer than a header of one hundred bytes ".repeat(40));

    expect(() => openSqliteStorage(file)).toThrow(/the durable state .*durable\.sqlite is damaged \(.*\)\. Move it away/);
  });
});
