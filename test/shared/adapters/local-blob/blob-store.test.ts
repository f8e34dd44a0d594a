import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { openLocalBlobStore } from "../../../../shared/adapters/local-blob/blob-store.ts";
import type { BlobStore, LayoutFile } from "../../../../shared/ports/blob-store.ts";
import { blobStoreContract } from "../../../contracts/blob-store.contract.ts";

const HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"; // sha256 of hello
const temporaryFolder = () => mkdtempSync(join(tmpdir(), "penstock-blobs-"));
const opening = (options: { ignoresCase?: boolean }) => async () => {
  const folder = temporaryFolder();
  return {
    store: openLocalBlobStore({ root: join(folder, "datastores"), ...options }),
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
};

blobStoreContract("local files", opening({}));
blobStoreContract("local files, spelling compared by ourselves", opening({ ignoresCase: true }));

describe("openLocalBlobStore", () => {
  let folder: string;
  let root: string;
  let store: BlobStore;
  beforeEach(() => {
    folder = temporaryFolder();
    root = join(folder, "datastores");
    store = openLocalBlobStore({ root });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const at = (path: string) => ({ datastore: "data", path });
  const put = (path: string, content = "hello") => store.write(at(path), Buffer.from(content));
  const hello = (path: string): LayoutFile => ({ path, executable: false, size: 5, sha256: HELLO, from: at("pack"), offset: 0 });

  test("keeps a blob as a file of its name and nothing else in the datastore", async () => {
    await put("a/b.txt");
    await store.stage(at("c"), "u", 0, Buffer.from("part"));

    const files = readdirSync(join(root, "data"), { recursive: true });

    expect(files.sort()).toEqual(["a", "a/b.txt"]);
    expect(readFileSync(join(root, "data", "a", "b.txt"), "utf8")).toBe("hello");
  });

  test("gives the file's URL, whatever its name holds", async () => {
    await put("a b/#?%ü");

    const path = fileURLToPath(store.uri(at("a b/#?%ü")));

    expect(readFileSync(path, "utf8")).toBe("hello");
  });

  test("sees files that others put into the folder", async () => {
    mkdirSync(join(root, "data", "dropped"), { recursive: true });
    writeFileSync(join(root, "data", "dropped", "x.csv"), "1,2");

    const listed = await store.list("data", { limit: 5 });

    expect(listed.blobs.map(({ path, size }) => [path, size])).toEqual([["dropped/x.csv", 3]]);
  });

  test("uses another folder for a datastore that lies elsewhere", async () => {
    const elsewhere = openLocalBlobStore({ root, datastoreFolder: (name) => join(folder, "mine", name) });

    await elsewhere.write(at("a"), Buffer.from("hello"));

    expect(readFileSync(join(folder, "mine", "data", "a"), "utf8")).toBe("hello");
  });

  test("shows nothing of an upload after a restart, and takes the rest of it", async () => {
    await store.stage(at("a"), "u", 0, Buffer.from("before "));

    const again = openLocalBlobStore({ root });
    const unseen = [await again.stat(at("a")), await again.list("data", { limit: 5 })];
    await again.stage(at("a"), "u", 1, Buffer.from("after"));
    await again.commit(at("a"), "u", 2);

    expect(unseen).toEqual([undefined, { blobs: [] }]);
    expect(readFileSync(join(root, "data", "a"), "utf8")).toBe("before after");
  });

  test("cannot commit what was discarded", async () => {
    await store.stage(at("a"), "u", 0, Buffer.from("x"));
    await store.discard(at("a"), "u");

    const commit = store.commit(at("a"), "u", 1);

    await expect(commit).rejects.toMatchObject({ kind: "invalid-key", message: expect.stringContaining("part 0") });
  });

  test("clears away what a process that died an hour ago left half written, and nothing newer", () => {
    const [old, young] = [join(root, ".staging", "temporary", "old"), join(root, ".staging", "temporary", "young")];
    mkdirSync(old);
    writeFileSync(young, "");
    utimesSync(old, 0, 0);

    openLocalBlobStore({ root });

    expect(readdirSync(join(root, ".staging", "temporary"))).toEqual(["young"]);
  });

  test("leaves nothing behind when a write fails", async () => {
    await put("a/b");

    const attempts = await Promise.allSettled([put("a/b/c"), put("a"), store.write(at("a"), Buffer.from("x"), { createOnly: true })]);

    for (const attempt of attempts) {
      expect(attempt).toMatchObject({
        status: "rejected",
        reason: { kind: "invalid-key", message: expect.stringContaining("both a file and a folder") },
      });
    }
    expect(readdirSync(join(root, ".staging", "temporary"))).toEqual([]);
  });

  test("refuses a part of a path that the file system cannot take", async () => {
    const write = put(`a/${"x".repeat(300)}`);

    await expect(write).rejects.toMatchObject({ kind: "invalid-key", message: expect.stringContaining("255 bytes") });
  });

  test("passes over pipes without waiting for them", async () => {
    await put("a");
    execFileSync("mkfifo", [join(root, "data", "pipe")]);

    const answers = [await store.read(at("pipe")), await store.stat(at("pipe")), (await store.list("data", { limit: 5 })).blobs.length];

    expect(answers).toEqual([undefined, undefined, 1]);
  });

  describe("symbolic links", () => {
    let outside: string;
    const tree = () => readdirSync(outside, { recursive: true }).sort();
    beforeEach(async () => {
      outside = join(folder, "outside");
      mkdirSync(outside);
      writeFileSync(join(outside, "secret"), "secret");
      await put("real/file");
      symlinkSync(outside, join(root, "data", "out"));
      symlinkSync(join(outside, "secret"), join(root, "data", "out-file"));
      symlinkSync(join("real", "file"), join(root, "data", "in-file"));
      symlinkSync("real", join(root, "data", "in"));
      symlinkSync("nowhere", join(root, "data", "dangling"));
      symlinkSync("loop", join(root, "data", "loop"));
    });

    test.each(["out/secret", "out-file", "out"])("that lead out are refused on reading: %s", async (path) => {
      const attempts = await Promise.allSettled([
        store.read(at(path)),
        store.stat(at(path)),
        store.list("data", { prefix: `${path}/`, limit: 5 }),
      ]);

      for (const attempt of attempts) {
        expect(attempt).toMatchObject({
          status: "rejected",
          reason: { kind: "invalid-key", message: expect.stringContaining("symbolic link") },
        });
      }
    });

    test("that lead out change nothing outside on writing", async () => {
      const attempts = await Promise.allSettled([
        put("out/new"),
        put("out/deep/er/new"),
        store.delete(at("out/secret")),
        store.move(at("real/file"), at("out/moved")),
        store.layOut(at("out/code"), []),
        store.stage(at("out/staged"), "u", 0, Buffer.from("x")).then(() => store.commit(at("out/staged"), "u", 1)),
      ]);

      for (const attempt of attempts) expect(attempt).toMatchObject({ status: "rejected", reason: { kind: "invalid-key" } });
      expect(tree()).toEqual(["secret"]);
      expect(readFileSync(join(outside, "secret"), "utf8")).toBe("secret");
    });

    test("of a blob's own name are replaced or deleted, not followed", async () => {
      await put("out-file", "mine");
      await store.delete(at("out"));

      expect(readFileSync(join(outside, "secret"), "utf8")).toBe("secret");
      expect(readFileSync(join(root, "data", "out-file"), "utf8")).toBe("mine");
      expect(tree()).toEqual(["secret"]);
    });

    test("that stay inside are followed, and those that lead nowhere are nothing", async () => {
      const reads = await Promise.all(["in-file", "in/file", "dangling", "loop"].map((path) => store.read(at(path))));

      expect(reads.map((read) => read && Buffer.from(read).toString())).toEqual(["hello", "hello", undefined, undefined]);
    });

    test("in a listing show the files inside that they lead to", async () => {
      const { blobs } = await store.list("data", { limit: 50 });

      expect(blobs.map(({ path }) => path)).toEqual(["in-file", "real/file"]);
    });
  });

  describe("changed", () => {
    test("hears of a file that others append to, without looking again by itself", async () => {
      vi.useFakeTimers({ toFake: ["setTimeout"] });
      onTestFinished(() => {
        vi.useRealTimers();
      });
      await put("log");
      const changed = store.changed(at("log"), 5, new AbortController().signal);

      appendFileSync(join(root, "data", "log"), " world");
      await changed;

      expect((await store.stat(at("log")))?.size).toBe(11);
    });

    test("looks again after a second, should a notice get lost", async () => {
      vi.useFakeTimers({ toFake: ["setTimeout"] });
      onTestFinished(() => {
        vi.useRealTimers();
      });
      await put("far/log");
      symlinkSync(join("far", "log"), join(root, "data", "link")); // what happens behind a link is not told
      const changed = store.changed(at("link"), 5, new AbortController().signal);
      appendFileSync(join(root, "data", "far", "log"), " world");

      await vi.advanceTimersByTimeAsync(1000);

      await expect(changed).resolves.toBeUndefined();
    });

    test("does not resolve while nothing happens to the file", async () => {
      await put("log");
      const stop = new AbortController();
      let resolved = false;
      const changed = store.changed(at("log"), 5, stop.signal).then(() => {
        resolved = true;
      });

      for (let i = 0; i < 20; i++) await put("neighbour", `${i}`);

      expect(resolved).toBe(false);
      stop.abort();
      await changed;
    });
  });

  describe("layOut", () => {
    beforeEach(() => put("pack"));
    const laid = (path: string) => join(root, "data", "code", path);

    test("sets the modes", async () => {
      await store.layOut(at("code"), [{ ...hello("run"), executable: true }, hello("data")]);

      const executable = ["run", "data"].map((path) => (statSync(laid(path)).mode & 0o100) !== 0);

      expect(executable).toEqual([true, false]);
    });

    test.each<[string, () => void]>([
      ["changed", () => writeFileSync(laid("a"), "jello")],
      ["emptied, as after power loss", () => writeFileSync(laid("a"), "")],
      ["deleted", () => rmSync(laid("a"))],
      ["made executable", () => chmodSync(laid("a"), 0o755)],
      [
        "replaced by a link",
        () => {
          rmSync(laid("a"));
          symlinkSync(laid("b"), laid("a"));
        },
      ],
    ])("mends a folder in which a file was %s before this process began", async (_, damage) => {
      await store.layOut(at("code"), [hello("a"), hello("b")]);
      damage();

      await openLocalBlobStore({ root }).layOut(at("code"), [hello("a"), hello("b")]);

      expect(readFileSync(laid("a"), "utf8")).toBe("hello");
      expect(statSync(laid("a")).mode & 0o100).toBe(0);
      expect(readdirSync(join(root, ".staging", "temporary"))).toEqual([]);
    });

    test("leaves alone what an earlier process laid out well", async () => {
      await store.layOut(at("code"), [hello("a")]);
      const { ino } = statSync(laid("a"));

      await openLocalBlobStore({ root }).layOut(at("code"), [hello("a")]);

      expect(statSync(laid("a")).ino).toBe(ino);
    });

    test("makes a folder that was deleted while this process ran", async () => {
      await store.layOut(at("code"), [hello("a")]);
      rmSync(join(root, "data", "code"), { recursive: true });

      await store.layOut(at("code"), [hello("a")]);

      expect(readFileSync(laid("a"), "utf8")).toBe("hello");
    });
  });
});
