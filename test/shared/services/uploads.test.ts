import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { PART_BYTES } from "../../../shared/api/routes/storage.ts";
import { STAGED_PART_BYTES } from "../../../shared/ports/blob-store.ts";
import { UPLOAD_LIFE_MS } from "../../../shared/services/upload-records.ts";
import { manifestOf, type OpenedStorage, Storage, send, sendPack, sha256 } from "../../support/storage.ts";

const packOf = (...texts: string[]) => ({
  kind: "pack" as const,
  files: texts.map((text) => ({ sha256: sha256(text), size: Buffer.byteLength(text) })),
});
const fileAt = (path: string, text: string) => ({ kind: "file" as const, datastore: "workspaceblobstore", path, sha256: sha256(text) });

describe("uploads", () => {
  let storage: Storage;
  let opened: OpenedStorage;
  beforeEach(() => {
    storage = new Storage();
    opened = storage.open();
  });
  afterEach(() => storage.close());

  const filesIn = (...path: string[]) => {
    const folder = join(storage.root, ...path);
    return existsSync(folder) ? readdirSync(folder).sort() : [];
  };
  const isThere = async (text: string, services = opened) => (await services.createSnapshot(manifestOf({ a: text }))).complete;

  test("allow parts as long as a blob store takes", () => {
    expect(PART_BYTES).toBe(STAGED_PART_BYTES);
  });

  test("of a pack make its files known, nothing before the commit", async () => {
    const uploadId = await send(opened, Buffer.from("onetwo"));
    const before = await isThere("two");

    await opened.commitUpload(uploadId, packOf("one", "two"));

    expect([before, await isThere("one"), await isThere("two")]).toEqual([false, true, true]);
  });

  test("of a file put it into the datastore, over what is there", async () => {
    await opened.blobs.write({ datastore: "azureml-blobstore", path: "data/x.csv" }, Buffer.from("old"));
    const uploadId = await send(opened, Buffer.from("1,2"));

    await opened.commitUpload(uploadId, fileAt("data/x.csv", "1,2"));

    expect(readFileSync(join(storage.root, "azureml-blobstore", "data", "x.csv"), "utf8")).toBe("1,2");
    expect(filesIn("snapshots", "uploads")).toEqual([`${uploadId}.json`]);
  });

  test("in several parts may come in any order, and a part again", async () => {
    const wide = storage.open({ snapshotBytes: 100_000_000, snapshotFiles: 10 });
    const bytes = Buffer.concat([Buffer.alloc(PART_BYTES, "a"), Buffer.alloc(PART_BYTES, "b"), Buffer.from("end")]);
    const { uploadId } = await opened.createUpload({ size: bytes.length });
    for (const part of [2, 0, 1, 0])
      await opened.putUploadPart({ uploadId, part }, bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES));
    const files = [bytes.subarray(0, PART_BYTES + 5), bytes.subarray(PART_BYTES + 5, PART_BYTES + 5), bytes.subarray(PART_BYTES + 5)];

    await opened.commitUpload(uploadId, { kind: "pack", files: files.map((file) => ({ sha256: sha256(file), size: file.length })) });

    const { snapshotId, complete } = await wide.createSnapshot({
      files: files.map((file, i) => ({ path: `${i}`, size: file.length, mode: "644" as const, sha256: sha256(file) })),
    });
    await wide.layOutSnapshot(snapshotId);
    const laidOut = files.map((_, i) => readFileSync(join(storage.root, "snapshots", "code", snapshotId, `${i}`)));
    expect(complete).toBe(true);
    expect(Buffer.concat(laidOut).equals(bytes)).toBe(true);
    expect(filesIn("snapshots", "packs")).toEqual([uploadId]);
  });

  test("of no bytes can be committed as an empty file and as a pack of empty files", async () => {
    const { uploadId } = await opened.createUpload({ size: 0 });
    await opened.commitUpload(uploadId, fileAt("empty", ""));

    await sendPack(opened, ["", ""]);

    expect(readFileSync(join(storage.root, "azureml-blobstore", "empty"), "utf8")).toBe("");
    expect(await isThere("")).toBe(true);
  });

  test.each([
    ["the first of two", packOf("onE", "two"), "/files/0/sha256"],
    ["the last of two", packOf("one", "twO"), "/files/1/sha256"],
    [
      "an empty one at the end",
      { ...packOf("one", "two"), files: [...packOf("one", "two").files, { sha256: sha256("x"), size: 0 }] },
      "/files/2/sha256",
    ],
    ["the file for a datastore", fileAt("x", "onetwO"), "/sha256"],
    ["a pack's length", packOf("one"), "/files"],
  ])("with %s wrong are refused, and nothing is kept", async (_, target, pointer) => {
    const uploadId = await send(opened, Buffer.from("onetwo"));

    const commit = opened.commitUpload(uploadId, target);

    await expect(commit).rejects.toMatchObject({ problem: { kind: "invalid-request", errors: [{ pointer }] } });
    expect([filesIn("snapshots", "packs"), filesIn("azureml-blobstore"), filesIn("snapshots", "uploads")]).toEqual([
      [],
      [],
      [`${uploadId}.json`],
    ]);
    expect(await isThere("one")).toBe(false);
  });

  test("with a part missing are refused by its number, and can be completed", async () => {
    const bytes = Buffer.alloc(PART_BYTES + 1, "a");
    const { uploadId } = await opened.createUpload({ size: bytes.length });
    await opened.putUploadPart({ uploadId, part: 0 }, bytes.subarray(0, PART_BYTES));
    const target = { kind: "file" as const, datastore: "workspaceblobstore", path: "x", sha256: sha256(bytes) };

    const early = opened.commitUpload(uploadId, target);

    await expect(early).rejects.toMatchObject({
      problem: { kind: "invalid-request", errors: [{ message: expect.stringContaining("part 1") }] },
    });
    await opened.putUploadPart({ uploadId, part: 1 }, bytes.subarray(PART_BYTES));
    await opened.commitUpload(uploadId, target);
    expect(filesIn("azureml-blobstore")).toEqual(["x"]);
  });

  test.each([
    [0, 5, /part 0 of 1 has 6 bytes.*and 5 were sent/],
    [0, 7, /and 7 were sent/],
    [1, 6, /no part 1 in an upload of 6 bytes: it has 1/],
  ])("refuse part %i with %i bytes of an upload of 6", async (part, length, message) => {
    const { uploadId } = await opened.createUpload({ size: 6 });

    const put = opened.putUploadPart({ uploadId, part }, new Uint8Array(length));

    await expect(put).rejects.toMatchObject({
      problem: { kind: "invalid-request", errors: [{ message: expect.stringMatching(message) }] },
    });
  });

  test("can be committed again to the same target, at the same time too, and to no other", async () => {
    const uploadId = await send(opened, Buffer.from("one"));
    await Promise.all([opened.commitUpload(uploadId, packOf("one")), opened.commitUpload(uploadId, packOf("one"))]);

    await storage.open().commitUpload(uploadId, packOf("one"));
    const attempts = await Promise.allSettled([
      opened.commitUpload(uploadId, fileAt("x", "one")),
      opened.putUploadPart({ uploadId, part: 0 }, Buffer.from("two")),
    ]);

    for (const attempt of attempts) expect(attempt).toMatchObject({ status: "rejected", reason: { problem: { kind: "conflict" } } });
    expect(filesIn("azureml-blobstore")).toEqual([]);
  });

  test.each([
    ["a pack", packOf("one")],
    ["a file", fileAt("data/x.csv", "one")],
  ])("say that they were committed, as %s, only once what they became is on disk", async (_, target) => {
    const uploadId = await send(opened, Buffer.from("one"));
    const isSaid = () => readFileSync(join(storage.root, "snapshots", "uploads", `${uploadId}.json`), "utf8").includes("committed");
    const saidAt: Record<string, boolean[]> = { documents: [], blobs: [] };
    for (const store of ["documents", "blobs"] as const) {
      const durable = opened[store].durable.bind(opened[store]);
      vi.spyOn(opened[store], "durable").mockImplementation(() => {
        saidAt[store]?.push(isSaid());
        return durable();
      });
    }

    await opened.commitUpload(uploadId, target);

    expect(saidAt["documents"]).toEqual([false]);
    expect([saidAt["blobs"]?.[0], saidAt["blobs"]?.at(-1), isSaid()]).toEqual([false, true, true]);
  });

  test("go on where a commit was cut short", async () => {
    const packed = await send(opened, Buffer.from("one"));
    const assembled = await send(opened, Buffer.from("two"));
    for (const id of [packed, assembled]) await opened.blobs.commit({ datastore: "snapshots", path: `uploads/${id}.bytes` }, id, 1);
    await opened.blobs.move(
      { datastore: "snapshots", path: `uploads/${packed}.bytes` },
      { datastore: "snapshots", path: `packs/${packed}` },
    );

    const after = storage.open();
    await after.commitUpload(packed, packOf("one"));
    await after.commitUpload(assembled, fileAt("x", "two"));

    expect(await isThere("one", after)).toBe(true);
    expect(filesIn("azureml-blobstore")).toEqual(["x"]);
  });

  test("show nothing after a restart before their commit, and can be gone on with", async () => {
    const bytes = Buffer.alloc(PART_BYTES + 3, "a");
    const { uploadId } = await opened.createUpload({ size: bytes.length });
    await opened.putUploadPart({ uploadId, part: 0 }, bytes.subarray(0, PART_BYTES));

    const after = storage.open({ snapshotBytes: 100_000_000, snapshotFiles: 10 });
    const listed = await after.listFiles("workspaceblobstore", { limit: 10 });
    const packs = filesIn("snapshots", "packs");
    const snapshot = await after.createSnapshot({ files: [{ path: "a", size: bytes.length, mode: "644", sha256: sha256(bytes) }] });
    await after.putUploadPart({ uploadId, part: 1 }, bytes.subarray(PART_BYTES));
    await after.commitUpload(uploadId, { kind: "file", datastore: "workspaceblobstore", path: "x", sha256: sha256(bytes) });

    expect([listed, packs, snapshot.complete]).toEqual([{ files: [] }, [], false]);
    expect(filesIn("azureml-blobstore")).toEqual(["x"]);
  });

  test("to a datastore that is not there keep their bytes for a second try", async () => {
    const uploadId = await send(opened, Buffer.from("one"));

    const commit = opened.commitUpload(uploadId, { ...fileAt("x", "one"), datastore: "other" });

    await expect(commit).rejects.toMatchObject({ problem: { kind: "not-found", what: "datastore", id: "other" } });
    await opened.commitUpload(uploadId, fileAt("x", "one"));
    expect(filesIn("azureml-blobstore")).toEqual(["x"]);
  });

  test("that nobody began are not found", async () => {
    const uploadId = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

    const attempts = await Promise.allSettled([
      opened.putUploadPart({ uploadId, part: 0 }, new Uint8Array(1)),
      opened.commitUpload(uploadId, packOf("one")),
    ]);

    for (const attempt of attempts)
      expect(attempt).toMatchObject({ status: "rejected", reason: { problem: { kind: "not-found", what: "upload" } } });
  });

  test("larger than 50,000 parts are refused", async () => {
    const attempts = await Promise.allSettled([
      opened.createUpload({ size: 50_000 * PART_BYTES }),
      opened.createUpload({ size: 50_000 * PART_BYTES + 1 }),
    ]);

    expect(attempts[0]?.status).toBe("fulfilled");
    expect(attempts[1]).toMatchObject({ status: "rejected", reason: { problem: { kind: "too-large" } } });
  });

  describe("sweepUploads", () => {
    test("removes all of an upload that was not committed within a day, and nothing else", async () => {
      const kept = await sendPack(opened, ["kept"]);
      const staged = await send(opened, Buffer.from("staged"));
      const cut = await send(opened, Buffer.from("cut"));
      await opened.blobs.commit({ datastore: "snapshots", path: `uploads/${cut}.bytes` }, cut, 1);
      const orphan = await send(opened, Buffer.from("orphan"));
      await opened.blobs.commit({ datastore: "snapshots", path: `packs/${orphan}` }, orphan, 0);
      storage.now += UPLOAD_LIFE_MS;
      const young = await send(opened, Buffer.from("young"));
      const early = await opened.sweepUploads();
      storage.now += 1;

      const swept = await storage.open().sweepUploads();

      expect([early, swept]).toEqual([0, 4]);
      expect(filesIn("snapshots", "uploads")).toEqual([`${young}.json`]);
      expect(filesIn("snapshots", "packs")).toEqual([kept]);
      expect(filesIn(".staging", "uploads")).toHaveLength(1);
      await expect(opened.commitUpload(staged, packOf("staged"))).rejects.toMatchObject({ problem: { kind: "not-found" } });
      expect(await isThere("kept")).toBe(true);
    });
  });
});
