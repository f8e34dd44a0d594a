import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type OpenedStorage, Storage, send, sha256 } from "../../support/storage.ts";

const NAME = "workspaceblobstore";

describe("files of a datastore", () => {
  let storage: Storage;
  let opened: OpenedStorage;
  beforeEach(async () => {
    storage = new Storage();
    opened = storage.open();
    for (const [path, text] of Object.entries({ "a/1": "one", "a/2": "two", b: "three" })) {
      await opened.blobs.write({ datastore: "azureml-blobstore", path }, Buffer.from(text));
    }
  });
  afterEach(() => storage.close());

  const wanted = (path: string, text: string) => ({ path, size: Buffer.byteLength(text), sha256: sha256(text) });

  test("are missing when they are not there, longer, or other bytes", async () => {
    const missing = await opened.checkFiles(NAME, [wanted("c", "one"), wanted("b", "three!"), wanted("a/1", "one"), wanted("a/2", "TWO")]);

    expect(missing).toEqual(["c", "b", "a/2"]);
  });

  test("are looked at again when they changed", async () => {
    await opened.checkFiles(NAME, [wanted("a/1", "one")]);
    writeFileSync(join(storage.root, "azureml-blobstore", "a", "1"), "ONE");

    const missing = await opened.checkFiles(NAME, [wanted("a/1", "one")]);

    expect(missing).toEqual(["a/1"]);
  });

  test("need not be read when they were uploaded here", async () => {
    const uploadId = await send(opened, Buffer.from("sent"));
    await opened.commitUpload(uploadId, { kind: "file", datastore: NAME, path: "sent", sha256: sha256("sent") });
    opened.blobs.read = () => Promise.reject(new Error("read"));

    const missing = await opened.checkFiles(NAME, [wanted("sent", "sent")]);

    expect(missing).toEqual([]);
  });

  test("are listed page by page", async () => {
    const first = await opened.listFiles(NAME, { limit: 2 });

    const second = await opened.listFiles(NAME, { limit: 2, cursor: first.cursor });

    expect(first.files.map(({ path, size }) => [path, size])).toEqual([
      ["a/1", 3],
      ["a/2", 3],
    ]);
    expect(second).toEqual({ files: [{ path: "b", size: 5, modifiedAt: expect.any(String) }] });
  });

  test("are listed below a prefix", async () => {
    const { files } = await opened.listFiles(NAME, { prefix: "a/2", limit: 10 });

    expect(files.map(({ path }) => path)).toEqual(["a/2"]);
  });

  test("are found in the datastore's container", async () => {
    const ref = await opened.findFile(NAME, "b");

    expect(ref).toEqual({ datastore: "azureml-blobstore", path: "b" });
  });

  test("of an unknown datastore are not found", async () => {
    const attempts = await Promise.allSettled([opened.checkFiles("x", []), opened.listFiles("x", { limit: 1 }), opened.findFile("x", "a")]);

    for (const attempt of attempts)
      expect(attempt).toMatchObject({ status: "rejected", reason: { problem: { kind: "not-found", what: "datastore" } } });
  });
});
