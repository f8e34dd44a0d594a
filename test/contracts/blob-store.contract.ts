import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type BlobInfo, type BlobStore, type LayoutFile, STAGED_PART_BYTES } from "../../shared/ports/blob-store.ts";

const text = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : Buffer.from(bytes).toString("utf8"));
const bytes = (content: string) => Buffer.from(content, "utf8");
const sha256 = (body: Uint8Array) => createHash("sha256").update(body).digest("hex");
const at = (path: string) => ({ datastore: "data", path });

export const UNSAFE_PATHS = [
  "",
  "/etc/passwd",
  "../out",
  "a/../../out",
  "a/..",
  "a/./b",
  "a//b",
  "a/",
  ".",
  "..",
  "..\\out",
  "C:\\out",
  "\\\\host\\share",
  "a\0b",
  "a\nb",
  "a\u0085b",
  "a\ud800",
  "a\ufffe",
  "x".repeat(1025),
];

export interface OpenedBlobStore {
  store: BlobStore;
  close(): Promise<void>;
}

/** What every {@link BlobStore} does. `open` gives each test a store with no blobs in it. */
export function blobStoreContract(adapter: string, open: () => Promise<OpenedBlobStore>): void {
  describe(`BlobStore over ${adapter}`, () => {
    let opened: OpenedBlobStore;
    let store: BlobStore;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.close());

    const fill = (paths: readonly string[]) => Promise.all(paths.map((path) => store.write(at(path), bytes(path))));
    const drain = async (options: { prefix?: string; limit: number; shallow?: boolean }) => {
      const pages: string[][] = [];
      for (let after: string | undefined, more = true; more; ) {
        const page = await store.list("data", { ...options, ...(after !== undefined && { after }) });
        pages.push(page.blobs.map((blob) => blob.path));
        after = page.next;
        more = page.next !== undefined;
      }
      return pages;
    };

    test("reads its own write before it is durable", async () => {
      const written = await store.write(at("a/b.txt"), bytes("hello"));

      const [read, stat] = [await store.read(at("a/b.txt")), await store.stat(at("a/b.txt"))];

      expect(text(read)).toBe("hello");
      expect(stat).toEqual(written);
      expect(stat).toMatchObject({ path: "a/b.txt", size: 5, modifiedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) });
    });

    test("answers undefined for a blob that is not there, folders included", async () => {
      await store.write(at("a/b"), bytes("x"));

      const answers = [await store.stat(at("a")), await store.read(at("a")), await store.stat(at("a/c")), await store.read(at("a/b/c"))];

      expect(answers).toEqual([undefined, undefined, undefined, undefined]);
    });

    test("knows nothing of a datastore that nothing was written to", async () => {
      const empty = { datastore: "other", path: "a" };

      const answers = [
        await store.stat(empty),
        await store.read(empty),
        await store.list("other", { limit: 5 }),
        await store.delete(empty),
      ];

      expect(answers).toEqual([undefined, undefined, { blobs: [] }, undefined]);
    });

    test("keeps a blob that another one is created over", async () => {
      await store.write(at("a"), bytes("first"), { createOnly: true });

      const second = await store.write(at("a"), bytes("second"), { createOnly: true });

      expect(second).toBeUndefined();
      expect(text(await store.read(at("a")))).toBe("first");
    });

    test("replaces a blob and gives it another etag, also for the same bytes", async () => {
      const first = await store.write(at("a"), bytes("same"));

      const second = await store.write(at("a"), bytes("same"));

      expect(second?.etag).toBeTypeOf("string");
      expect(second?.etag).not.toBe(first?.etag);
      expect(await store.stat(at("a"))).toEqual(second);
    });

    test("lets one of 30 concurrent creators win, whole", async () => {
      const bodies = Array.from({ length: 30 }, (_, i) => Buffer.alloc(50_000, i));

      const answers = await Promise.all(bodies.map((body) => store.write(at("a"), body, { createOnly: true })));

      const winner = answers.findIndex((answer) => answer !== undefined);
      expect(answers.filter((answer) => answer !== undefined)).toHaveLength(1);
      expect(await store.read(at("a"))).toEqual(bodies[winner]);
    });

    test("shows readers the old bytes or the new while 30 writers replace them", async () => {
      const bodies = Array.from({ length: 30 }, (_, i) => Buffer.alloc(20_000, i));
      await store.write(at("a"), bodies[0] ?? bytes(""));

      const writes = bodies.map((body) => store.write(at("a"), body));
      const reads = await Promise.all(Array.from({ length: 60 }, () => store.read(at("a"))));
      await Promise.all(writes);

      for (const read of reads) expect(read).toEqual(Buffer.alloc(20_000, read?.[0]));
    });

    test.each([
      [{ from: 2 }, "cdef"],
      [{ from: 1, length: 3 }, "bcd"],
      [{ length: 2 }, "ab"],
      [{ from: 4, length: 100 }, "ef"],
      [{ from: 6 }, ""],
      [{ from: 60, length: 1 }, ""],
      [{ length: 0 }, ""],
    ])("reads the range %o", async (range, expected) => {
      await store.write(at("a"), bytes("abcdef"));

      const read = await store.read(at("a"), range);

      expect(text(read)).toBe(expected);
    });

    test("keeps an empty blob", async () => {
      await store.write(at("empty"), bytes(""));

      const [read, stat] = [await store.read(at("empty")), await store.stat(at("empty"))];

      expect(text(read)).toBe("");
      expect(stat?.size).toBe(0);
    });

    test("lists in order of path, page by page, each blob once", async () => {
      const paths = ["a", "a-b", "a.b/c", "aa/b", "b/c/d", "b/c/e", "b/c.d", "b0", "c/€", "z/1/2/3", "ü"].sort();
      await fill(paths.toReversed());

      const lists = await Promise.all([1, 2, 3, 11, 100].map((limit) => drain({ limit })));

      expect(lists.map((pages) => pages.flat())).toEqual(lists.map(() => paths));
      expect(lists.map((pages) => pages.length)).toEqual([11, 6, 4, 1, 1]);
    });

    test("lists what begins with a prefix, which need not be a folder", async () => {
      await fill(["a/x1", "a/x2", "a/y", "ab", "b/x1"]);

      const lists = await Promise.all(["a/", "a/x", "a", "a/x1", "c", "/", "../", "a/../b/"].map((prefix) => drain({ prefix, limit: 10 })));

      expect(lists.map((pages) => pages.flat())).toEqual([
        ["a/x1", "a/x2", "a/y"],
        ["a/x1", "a/x2"],
        ["a/x1", "a/x2", "a/y", "ab"],
        ["a/x1"],
        [],
        [],
        [],
        [],
      ]);
    });

    test("lists a folder without those below it, page by page", async () => {
      await fill(["0", "a-b", "a/1", "a/2/x", "a/2/y/z", "a/2.x", "a/3", "b/c", "z"]);

      const lists = await Promise.all(
        ["", "a/", "a/2/", "c/"].flatMap((prefix) => [1, 2, 10].map((limit) => drain({ prefix, limit, shallow: true }))),
      );

      const expected = [["0", "a-b", "z"], ["a/1", "a/2.x", "a/3"], ["a/2/x"], []];
      expect(lists.map((pages) => pages.flat())).toEqual(expected.flatMap((paths) => [paths, paths, paths]));
    });

    test("goes on after a blob that is gone", async () => {
      await fill(["a/1", "a/2", "a/3"]);
      const first = await store.list("data", { limit: 2 });
      await store.delete(at("a/2"));

      const second = await store.list("data", { limit: 2, after: first.next ?? "" });

      expect(first.next).toBe("a/2");
      expect(second.blobs.map(({ path }) => path)).toEqual(["a/3"]);
    });

    test("gives infos in a listing as stat does", async () => {
      await fill(["a/1", "b"]);

      const { blobs } = await store.list("data", { limit: 5 });

      expect(blobs).toEqual([await store.stat(at("a/1")), await store.stat(at("b"))]);
    });

    test("deletes a blob and does not mind one that is gone", async () => {
      await fill(["a/b", "a/c"]);
      await store.delete(at("a/b"));

      await store.delete(at("a/b"));
      await store.delete(at("a"));

      expect((await drain({ limit: 5 })).flat()).toEqual(["a/c"]);
    });

    test("moves a blob over another in another datastore", async () => {
      const target = { datastore: "other", path: "x/y" };
      await store.write(at("a"), bytes("moved"));
      await store.write(target, bytes("before"));

      const info = await store.move(at("a"), target);

      expect(text(await store.read(target))).toBe("moved");
      expect(await store.stat(target)).toEqual(info);
      expect(await store.stat(at("a"))).toBeUndefined();
      await expect(store.move(at("a"), target)).rejects.toMatchObject({ kind: "invalid-key" });
    });

    test("makes parts one blob, whatever the order they came in, and shows nothing before", async () => {
      await store.stage(at("a/b"), "u1", 1, bytes("-old-"));
      await store.stage(at("a/b"), "u1", 2, bytes("three"));
      await store.stage(at("a/b"), "u1", 0, bytes("one"));
      await store.stage(at("a/b"), "u1", 1, bytes("-two-"));
      const before = [await store.stat(at("a/b")), (await drain({ limit: 5 })).flat()];

      const info = await store.commit(at("a/b"), "u1", 3);

      expect(before).toEqual([undefined, []]);
      expect(text(await store.read(at("a/b")))).toBe("one-two-three");
      expect(await store.stat(at("a/b"))).toEqual(info);
    });

    test("takes a part again whatever its length was, and leaves out parts after the last", async () => {
      const full = Buffer.alloc(STAGED_PART_BYTES, 1);
      for (const [part, body] of [full, full, bytes("beyond")].entries()) await store.stage(at("a"), "u1", part, body);
      await store.stage(at("a"), "u1", 1, bytes("short"));

      const info = await store.commit(at("a"), "u1", 2);

      expect(info.size).toBe(STAGED_PART_BYTES + 5);
      expect(text(await store.read(at("a"), { from: STAGED_PART_BYTES }))).toBe("short");
    });

    test("never mixes the parts of two uploads", async () => {
      await store.stage(at("a"), "u1", 0, bytes("first"));
      await store.stage(at("a"), "u2", 0, bytes("second"));
      await store.stage(at("b"), "u1", 0, bytes("other blob"));

      await store.commit(at("a"), "u1", 1);

      expect(text(await store.read(at("a")))).toBe("first");
    });

    test("names the part that is missing and keeps the rest", async () => {
      await store.stage(at("a"), "u1", 0, bytes("0"));
      await store.stage(at("a"), "u1", 2, bytes("2"));

      const early = store.commit(at("a"), "u1", 3);

      await expect(early).rejects.toMatchObject({ kind: "invalid-key", message: expect.stringContaining("part 1") });
      await store.stage(at("a"), "u1", 1, bytes("1"));
      await store.commit(at("a"), "u1", 3);
      expect(text(await store.read(at("a")))).toBe("012");
    });

    test("takes an upload of no parts for an empty blob", async () => {
      await store.commit(at("a"), "u1", 0);

      expect((await store.stat(at("a")))?.size).toBe(0);
    });

    test("refuses a part over the limit", async () => {
      const stage = store.stage(at("a"), "u1", 0, new Uint8Array(STAGED_PART_BYTES + 1));

      await expect(stage).rejects.toMatchObject({ kind: "too-large" });
    });

    test("takes 100 MB by parts and gives any range of it", { timeout: 60_000 }, async () => {
      const parts = Array.from({ length: 13 }, (_, i) => Buffer.alloc(i === 12 ? 4 * 1024 * 1024 : STAGED_PART_BYTES, i + 1));
      const size = parts.reduce((sum, part) => sum + part.length, 0);
      for (const [i, part] of parts.entries()) await store.stage(at("big"), "u1", i, part);

      const info = await store.commit(at("big"), "u1", parts.length);

      const seam = await store.read(at("big"), { from: 5 * STAGED_PART_BYTES - 2, length: 4 });
      const end = await store.read(at("big"), { from: size - 3 });
      expect(info.size).toBe(size);
      expect([...(seam ?? [])]).toEqual([5, 5, 6, 6]);
      expect([...(end ?? [])]).toEqual([13, 13, 13]);
    });

    test("forgets parts that are discarded", async () => {
      await store.stage(at("a"), "u1", 0, bytes("0"));

      await store.discard(at("a"), "u1");
      await store.discard(at("a"), "u1");

      expect(await store.stat(at("a"))).toBeUndefined();
    });

    test.each(UNSAFE_PATHS.map((path) => [path.slice(0, 40), path]))("refuses the path %j", async (_, path) => {
      const attempts = [
        store.write(at(path), bytes("x")),
        store.write(at(path), bytes("x"), { createOnly: true }),
        store.stage(at(path), "u", 0, bytes("x")),
        store.commit(at(path), "u", 1),
        store.read(at(path)),
        store.stat(at(path)),
        store.delete(at(path)),
        store.move(at("a"), at(path)),
        store.layOut(at(path), []),
      ];

      const kinds = (await Promise.allSettled(attempts)).map((a) => a.status === "rejected" && a.reason.kind);

      expect(kinds).toEqual(attempts.map(() => "invalid-key"));
    });

    test.each(["", "..", ".staging", "a/b", "a\\b", "ä"])("refuses the datastore %j", async (datastore) => {
      const attempts = [
        store.write({ datastore, path: "a" }, bytes("x")),
        store.read({ datastore, path: "a" }),
        store.list(datastore, { limit: 1 }),
      ];

      const kinds = (await Promise.allSettled(attempts)).map((a) => a.status === "rejected" && a.reason.kind);

      expect(kinds).toEqual(["invalid-key", "invalid-key", "invalid-key"]);
    });

    test("keeps paths of any other characters", async () => {
      const paths = [
        "%2e%2e/a",
        "CON",
        "a b/ c",
        "a'\"`$(x)*?[]{}|<>;&#",
        "naïve/漢字/😀",
        ".hidden/.x",
        "trailing. ",
        "-rf",
        "e\u0301",
      ].sort();
      await fill(paths);

      const listed = (await drain({ limit: 100 })).flat();

      expect(listed).toEqual(paths);
      expect(text(await store.read(at("%2e%2e/a")))).toBe("%2e%2e/a");
    });

    describe("changed", () => {
      const watching = (path: string, size: number) => {
        const gone = new AbortController();
        return { done: store.changed(at(path), size, gone.signal), stop: () => gone.abort() };
      };

      test("resolves at once when the blob is longer already", async () => {
        await store.write(at("log"), bytes("12345"));

        await expect(watching("log", 3).done).resolves.toBeUndefined();
      });

      test("resolves when a blob that was not there appears, its folder with it", async () => {
        const { done } = watching("new/folder/log", 0);
        await store.write(at("new/folder/log"), bytes("1"));

        await expect(done).resolves.toBeUndefined();
      });

      test("resolves when the blob is replaced by one of the same length", async () => {
        await store.write(at("log"), bytes("same"));
        let resolved = false;
        const { done } = watching("log", 4);
        const noted = done.then(() => {
          resolved = true;
        });

        // Again until it is seen: the first may come before the watching has begun.
        while (!resolved) await store.write(at("log"), bytes("same"));

        await expect(noted).resolves.toBeUndefined();
      });

      test("resolves at the signal, also one that was given before", async () => {
        await store.write(at("log"), bytes("12345"));
        const { done, stop } = watching("log", 5);

        stop();

        await expect(done).resolves.toBeUndefined();
        await expect(store.changed(at("log"), 5, AbortSignal.abort())).resolves.toBeUndefined();
      });
    });

    describe("layOut", () => {
      const pack = bytes("firstsecondthird");
      const laid = (path: string, offset: number, size: number, executable = false): LayoutFile => ({
        path,
        executable,
        size,
        sha256: sha256(pack.subarray(offset, offset + size)),
        from: at("pack"),
        offset,
      });
      const FILES = [laid("run.sh", 0, 5, true), laid("src/a.py", 5, 6), laid("src/deep/b.py", 11, 5), laid("empty", 3, 0)];
      const read = async () => {
        const { blobs } = await store.list("data", { prefix: "code/", limit: 50 });
        const contents = await Promise.all(blobs.map(async ({ path }: BlobInfo) => [path, text(await store.read(at(path)))] as const));
        return Object.fromEntries(contents);
      };
      const WHOLE = { "code/1/empty": "", "code/1/run.sh": "first", "code/1/src/a.py": "second", "code/1/src/deep/b.py": "third" };
      beforeEach(async () => {
        await store.write(at("pack"), pack);
      });

      test("copies ranges of other blobs into a folder", async () => {
        await store.layOut(at("code/1"), FILES);

        expect(await read()).toEqual(WHOLE);
      });

      test("does it once for many who want it at the same time, and again without harm", async () => {
        await Promise.all(Array.from({ length: 10 }, () => store.layOut(at("code/1"), FILES)));
        const first = await store.stat(at("code/1/run.sh"));

        await store.layOut(at("code/1"), FILES);

        expect(await read()).toEqual(WHOLE);
        expect(await store.stat(at("code/1/run.sh"))).toEqual(first);
      });

      test("shows nothing when a source does not hold the bytes it should", async () => {
        await store.write(at("pack"), bytes("firstsecondTHIRD"));

        const layOut = store.layOut(at("code/1"), FILES);

        await expect(layOut).rejects.toMatchObject({ kind: "corrupt", message: expect.stringContaining("b.py") });
        expect(await read()).toEqual({});
      });

      test("shows nothing when a source is gone or too short", async () => {
        const short = { ...laid("a", 11, 5), size: 50 };

        const attempts = [store.layOut(at("code/1"), [{ ...laid("a", 0, 5), from: at("gone") }]), store.layOut(at("code/2"), [short])];

        const kinds = (await Promise.allSettled(attempts)).map((a) => a.status === "rejected" && a.reason.kind);
        expect(kinds).toEqual(["corrupt", "corrupt"]);
        expect(await read()).toEqual({});
      });

      test("refuses files that would leave the folder", async () => {
        const layOut = store.layOut(at("code/1"), [laid("../out", 0, 5)]);

        await expect(layOut).rejects.toMatchObject({ kind: "invalid-key" });
        expect(await store.stat(at("code/out"))).toBeUndefined();
      });
    });

    test("resolves durable with and without writes", async () => {
      await store.durable();
      await fill(["a", "b/c"]);

      await expect(Promise.all([store.durable(), store.durable()])).resolves.toEqual([undefined, undefined]);
    });
  });
}
