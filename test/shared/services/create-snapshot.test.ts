import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { manifestOf, type OpenedStorage, Storage, sendPack, sha256 } from "../../support/storage.ts";

const FILES = { "a.py": "print(1)", "run.sh": "echo hi", "src/b c.py": "print(2)", "src/empty": "" };

describe("createSnapshot", () => {
  let storage: Storage;
  let opened: OpenedStorage;
  beforeEach(() => {
    storage = new Storage();
    opened = storage.open();
  });
  afterEach(() => storage.close());

  const codeFolder = (id: string) => join(storage.root, "snapshots", "code", id);
  const upload = async (files: Record<string, string>) => {
    await sendPack(opened, Object.values(files));
    return opened.createSnapshot(manifestOf(files));
  };

  test("says which contents are missing, each once", async () => {
    const snapshot = await opened.createSnapshot(manifestOf({ ...FILES, "copy.py": "print(1)" }));

    expect(snapshot.complete).toBe(false);
    expect(snapshot.missing.sort()).toEqual(Object.values(FILES).map(sha256).sort());
    expect(await opened.findSnapshot(snapshot.snapshotId)).toBeUndefined();
  });

  test("names a snapshot by what it holds alone", async () => {
    const first = await upload(FILES);

    const others = [
      await upload({ ...FILES, "a.py": "print(3)" }),
      await upload({ ...FILES, "z.py": "" }),
      await opened.createSnapshot(manifestOf(FILES)),
    ];

    expect(others[2]).toEqual(first);
    expect(new Set(others.map(({ snapshotId }) => snapshotId)).size).toBe(3);
  });

  test("lacks only the file that changed", async () => {
    await upload(FILES);

    const { missing } = await opened.createSnapshot(manifestOf({ ...FILES, "a.py": "print(3)" }));

    expect(missing).toEqual([sha256("print(3)")]);
  });

  test("finds contents and snapshots of an earlier process", async () => {
    const { snapshotId } = await upload(FILES);

    const again = storage.open();

    expect(await again.getSnapshot(snapshotId)).toEqual(manifestOf(FILES));
    expect(await again.createSnapshot(manifestOf({ "other.py": "print(1)" }))).toMatchObject({ complete: true });
  });

  test("sees a pack that another process uploaded after it looked", async () => {
    const other = storage.open();
    await other.createSnapshot(manifestOf(FILES));

    await sendPack(opened, Object.values(FILES));
    await opened.documents.durable();

    expect(await other.createSnapshot(manifestOf(FILES))).toMatchObject({ complete: true });
  });

  test("takes a snapshot of no files", async () => {
    const { snapshotId, complete } = await opened.createSnapshot({ files: [] });

    await opened.layOutSnapshot(snapshotId);
    expect(complete).toBe(true);
    expect(readdirSync(codeFolder(snapshotId))).toEqual([]);
    expect(await storage.open().getSnapshot(snapshotId)).toEqual({ files: [] });
  });

  test("is one snapshot for ten who ask at the same time", async () => {
    await sendPack(opened, Object.values(FILES));

    const answers = await Promise.all(Array.from({ length: 10 }, () => opened.createSnapshot(manifestOf(FILES))));

    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(readdirSync(join(storage.root, "snapshots", "manifests"))).toHaveLength(1);
  });

  test.each([
    ["out of order", ["b", "a"], "/files/1/path", /"a" comes after "b"/],
    ["twice", ["a", "a"], "/files/1/path", /"a" is there twice/],
    ["the same but for case", ["A/x", "a/x"], "/files/1/path", /differ only in case/],
    ["the same but for accents", ["e\u0301", "\u00e9"], "/files/1/path", /differ only in case or in how accents/],
    ["a file and a folder", ["A", "a/b/c"], "/files/0/path", /"a\/b\/c" needs it to be a folder/],
    ["longer than file systems take", [`x/${"ä".repeat(128)}`], "/files/0/path", /more than 255 bytes/],
  ])("refuses paths that are %s", async (_, paths, pointer, message) => {
    const files = paths.map((path) => ({ path, size: 0, mode: "644" as const, sha256: sha256("") }));

    const creating = opened.createSnapshot({ files });

    await expect(creating).rejects.toMatchObject({
      problem: { kind: "invalid-request", errors: [{ pointer, message: expect.stringMatching(message) }] },
    });
  });

  test("refuses a size that is not that of the content", async () => {
    await sendPack(opened, ["print(1)"]);
    const lie = { files: [{ path: "a", size: 9, mode: "644" as const, sha256: sha256("print(1)") }] };

    const creating = opened.createSnapshot(lie);

    await expect(creating).rejects.toMatchObject({
      problem: { kind: "invalid-request", errors: [{ pointer: "/files/0/size", message: expect.stringContaining("has 8") }] },
    });
  });

  test("takes what is at the limits and refuses one more, naming the largest files and .amlignore", async () => {
    const tight = storage.open({ snapshotBytes: 10, snapshotFiles: 2 });

    const fits = await tight.createSnapshot(manifestOf({ a: "12345", b: "67890" }));
    const [tooMany, tooLarge] = await Promise.allSettled([
      tight.createSnapshot(manifestOf({ a: "", b: "", c: "1" })),
      tight.createSnapshot(manifestOf({ a: "12345", b: "678901" })),
    ]);

    expect(fits.missing).toHaveLength(2);
    expect(tooMany).toMatchObject({ reason: { problem: { kind: "too-large", what: "the files of a snapshot", limit: 2, actual: 3 } } });
    expect(tooLarge).toMatchObject({
      reason: {
        problem: { kind: "too-large", limit: 10, actual: 11, remedy: expect.stringMatching(/\.amlignore.*b \(6 bytes\), a \(5 bytes\)/) },
      },
    });
  });

  test("answers not-found for a snapshot that is not there", async () => {
    const getting = opened.getSnapshot("0".repeat(64));

    await expect(getting).rejects.toMatchObject({ problem: { kind: "not-found", what: "snapshot" } });
  });

  test("reports a manifest that somebody changed", async () => {
    const { snapshotId } = await upload(FILES);
    appendFileSync(join(storage.root, "snapshots", "manifests", snapshotId), `644 ${sha256("")} 0 z\n`);

    const finding = storage.open().findSnapshot(snapshotId);

    await expect(finding).rejects.toMatchObject({ kind: "corrupt" });
  });
});

describe("layOutSnapshot", () => {
  let storage: Storage;
  beforeEach(() => {
    storage = new Storage();
  });
  afterEach(() => storage.close());

  const codeFolder = (id: string) => join(storage.root, "snapshots", "code", id);
  const upload = async (opened: OpenedStorage, files: Record<string, string>) => {
    await sendPack(opened, Object.values(files));
    return (await opened.createSnapshot(manifestOf(files))).snapshotId;
  };

  test("makes a folder of the files with their modes", async () => {
    const opened = storage.open();
    const id = await upload(opened, { ...FILES, "copy.py": "print(1)" });

    await opened.layOutSnapshot(id);

    const read = (path: string) => readFileSync(join(codeFolder(id), path), "utf8");
    expect(["a.py", "copy.py", "run.sh", "src/b c.py", "src/empty"].map(read)).toEqual(["print(1)", "print(1)", "echo hi", "print(2)", ""]);
    expect(["a.py", "run.sh"].map((path) => statSync(join(codeFolder(id), path)).mode & 0o100)).toEqual([0, 0o100]);
  });

  test("makes one folder for ten steps that begin at the same time", async () => {
    const opened = storage.open();
    const id = await upload(opened, FILES);

    await Promise.all(Array.from({ length: 10 }, () => opened.layOutSnapshot(id)));

    expect(readdirSync(join(storage.root, "snapshots", "code"))).toEqual([id]);
    expect(readdirSync(join(storage.root, ".staging", "temporary"))).toEqual([]);
  });

  test("mends a folder that lost bytes with the power, and leaves it alone from then on", async () => {
    const before = storage.open();
    const snapshotId = await upload(before, FILES);
    await before.layOutSnapshot(snapshotId);
    const file = join(codeFolder(snapshotId), "a.py");
    truncateSync(file);
    const { layOutSnapshot } = storage.open();

    const ref = await layOutSnapshot(snapshotId);
    const { ino } = statSync(file);
    await layOutSnapshot(snapshotId);

    expect(ref).toEqual({ datastore: "snapshots", path: `code/${snapshotId}` });
    expect(readFileSync(file, "utf8")).toBe("print(1)");
    expect(statSync(file).ino).toBe(ino);
  });

  test("answers not-found for a snapshot that is not there", async () => {
    const layingOut = storage.open().layOutSnapshot("0".repeat(64));

    await expect(layingOut).rejects.toMatchObject({ problem: { kind: "not-found" } });
  });

  test("reports a pack that lost bytes", async () => {
    const before = storage.open();
    const pack = await sendPack(before, Object.values(FILES));
    const { snapshotId } = await before.createSnapshot(manifestOf(FILES));
    truncateSync(join(storage.root, "snapshots", "packs", pack), 3);

    const layingOut = storage.open().layOutSnapshot(snapshotId);

    await expect(layingOut).rejects.toMatchObject({ kind: "corrupt" });
  });
});
