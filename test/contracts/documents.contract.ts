import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DOCUMENT_BYTES } from "../../shared/ports/document-rules.ts";
import type { Documents } from "../../shared/ports/documents.ts";

/** Every ASCII character that a key may hold, and some beyond. */
const LEGAL_CHARACTERS = `${Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i))
  .filter((c) => !"/\\?#".includes(c))
  .join("")}ßäЖक€漢😀`;

/**
 * What every {@link Documents} does. `open` gives a store of its own to each test, closed afterwards by the test;
 * `many` is the length of the long listing.
 */
export function documentsContract(adapter: string, open: () => Promise<Documents>, { many = 10_000 } = {}): void {
  describe(`Documents over ${adapter}`, () => {
    let documents: Documents;
    beforeEach(async () => {
      documents = await open();
    });
    afterEach(() => documents.close());

    const keys = async (options: Parameters<Documents["list"]>[1]) => (await documents.list("p", options)).items.map(({ sk }) => sk);
    const fill = async (count: number) => {
      const sks = Array.from({ length: count }, (_, i) => `${(i * 7919) % count}`.padStart(6, "0"));
      for (let i = 0; i < count; i += 100) await Promise.all(sks.slice(i, i + 100).map((sk) => documents.create("p", sk, { sk })));
      return sks.sort();
    };

    test("reads its own write before it is durable", async () => {
      const created = await documents.create("p", "a", { x: 1 });

      const read = await documents.read("p", "a");

      expect(read).toEqual({ value: { x: 1 }, etag: created?.etag });
    });

    test("answers undefined for a document that is not there", async () => {
      await documents.create("p", "a", {});

      const answers = [await documents.read("p", "b"), await documents.read("q", "a"), await documents.replace("p", "b", {}, "any")];

      expect(answers).toEqual([undefined, undefined, undefined]);
    });

    test("keeps the first document when a second is created under its key", async () => {
      await documents.create("p", "a", { by: "first" });

      const second = await documents.create("p", "a", { by: "second" });

      expect(second).toBeUndefined();
      expect((await documents.read("p", "a"))?.value).toEqual({ by: "first" });
    });

    test("keeps documents of two partitions apart", async () => {
      await documents.create("p", "a", { in: "p" });
      await documents.create("q", "a", { in: "q" });

      const [p, q] = [await documents.list("p", { limit: 10 }), await documents.read("q", "a")];

      expect(p.items.map(({ value }) => value)).toEqual([{ in: "p" }]);
      expect(q?.value).toEqual({ in: "q" });
    });

    test("refuses a write made against an older etag and keeps the newer document", async () => {
      const first = await documents.create("p", "a", { n: 1 });
      const second = await documents.replace("p", "a", { n: 2 }, first?.etag ?? "");

      const stale = await documents.replace("p", "a", { n: 3 }, first?.etag ?? "");

      expect(stale).toBeUndefined();
      expect(await documents.read("p", "a")).toEqual({ value: { n: 2 }, etag: second?.etag });
    });

    test("gives another etag even to a replacement with the same value", async () => {
      const first = await documents.create("p", "a", { n: 1 });

      const second = await documents.replace("p", "a", { n: 1 }, first?.etag ?? "");

      expect(second?.etag).toBeTypeOf("string");
      expect(second?.etag).not.toBe(first?.etag);
    });

    test("lets one of 30 concurrent creators win", async () => {
      const answers = await Promise.all(Array.from({ length: 30 }, (_, by) => documents.create("p", "a", { by })));

      const winners = answers.filter((answer) => answer !== undefined);

      expect(winners).toHaveLength(1);
      expect(await documents.read("p", "a")).toEqual(winners[0]);
    });

    test("loses no increment of 30 concurrent writers that retry on conflict", async () => {
      await documents.create("p", "counter", { n: 0 });
      const increment = async (): Promise<void> => {
        const { value, etag } = (await documents.read("p", "counter")) ?? { value: { n: Number.NaN }, etag: "" };
        await new Promise(setImmediate);
        if (!(await documents.replace("p", "counter", { n: (value as { n: number }).n + 1 }, etag))) await increment();
      };

      await Promise.all(Array.from({ length: 30 }, increment));

      expect((await documents.read("p", "counter"))?.value).toEqual({ n: 30 });
    });

    test(`pages over ${many} items in stable order in both directions`, { timeout: 120_000 }, async () => {
      const sorted = await fill(many);
      const drain = async (descending: boolean) => {
        const seen: string[] = [];
        for (let after: string | undefined, more = true; more; ) {
          const page = await documents.list("p", { limit: 777, descending, after });
          seen.push(...page.items.map(({ sk }) => sk));
          after = page.next;
          more = page.next !== undefined;
        }
        return seen;
      };

      const [up, down] = [await drain(false), await drain(true)];

      expect(up).toEqual(sorted);
      expect(down).toEqual(sorted.reverse());
    });

    test("gives no cursor with the last page, also when it is exactly full", async () => {
      await fill(10);

      const pages = [
        await documents.list("p", { limit: 10 }),
        await documents.list("p", { limit: 9 }),
        await documents.list("none", { limit: 1 }),
      ];

      expect(pages.map(({ items, next }) => [items.length, next])).toEqual([
        [10, undefined],
        [9, "000008"],
        [0, undefined],
      ]);
    });

    test("shows a key once though items come and go before the cursor", async () => {
      await fill(6);
      const first = await documents.list("p", { limit: 3 });
      await documents.create("p", "000001.5", {});
      await documents.create("p", "000003.5", {});

      const second = await keys({ limit: 10, after: first.next });

      expect(second).toEqual(["000003", "000003.5", "000004", "000005"]);
    });

    test("lists only keys that begin with a prefix", async () => {
      for (const sk of ["a", "ab", "ab1", "abz", "ac", "b"]) await documents.create("p", sk, {});

      const [up, down] = [await keys({ prefix: "ab", limit: 10 }), await keys({ prefix: "ab", descending: true, after: "abz", limit: 10 })];

      expect(up).toEqual(["ab", "ab1", "abz"]);
      expect(down).toEqual(["ab1", "ab"]);
    });

    test("filters by fields with their types, and fills the page past what it leaves out", async () => {
      for (let i = 0; i < 40; i++) {
        await documents.create("p", `${i}`.padStart(2, "0"), { even: i % 2 === 0, n: i % 4, name: `n'${i % 4}"` });
      }
      await documents.create("p", "99", { even: 1, n: "0", name: null });

      const page = await documents.list("p", { where: { even: true, n: 0, name: `n'0"` }, limit: 4 });
      const rest = await documents.list("p", { where: { even: true, n: 0, name: `n'0"` }, limit: 100, after: page.next });
      const others = await documents.list("p", { where: { n: "0" }, limit: 10 });

      expect(page.items.map(({ sk }) => sk)).toEqual(["00", "04", "08", "12"]);
      expect(rest.items.map(({ sk }) => sk)).toEqual(["16", "20", "24", "28", "32", "36"]);
      expect(others.items.map(({ sk }) => sk)).toEqual(["99"]);
    });

    test("keeps every legal character of a key and the order of keys", async () => {
      const sks = [...LEGAL_CHARACTERS].map((c) => `k${c}k`);
      for (const sk of sks) await documents.create("p", sk, { sk });
      const pk = LEGAL_CHARACTERS.slice(0, 255);
      await documents.create(pk, "x".repeat(255), { n: 1 });

      const listed = await documents.list("p", { limit: 1000 });

      expect(listed.items.map(({ sk }) => sk)).toEqual(sks);
      expect(listed.items.map(({ value }) => value)).toEqual(sks.map((sk) => ({ sk })));
      expect((await documents.read(pk, "x".repeat(255)))?.value).toEqual({ n: 1 });
    });

    test.each([
      ["empty", ""],
      ["256 characters", "x".repeat(256)],
      ["a slash", "a/b"],
      ["a backslash", "a\\b"],
      ["a question mark", "a?b"],
      ["a hash", "a#b"],
      ["a line feed", "a\nb"],
      ["a NUL", "a\0b"],
      ["half a surrogate pair", "a\ud800"],
    ])("refuses a key that is or holds %s", async (_, key) => {
      const attempts = [
        documents.create("p", key, {}),
        documents.read("p", key),
        documents.replace(key, "a", {}, "e"),
        documents.list(key, { limit: 1 }),
      ];

      const kinds = (await Promise.allSettled(attempts)).map((a) => a.status === "rejected" && a.reason.kind);

      expect(kinds).toEqual(["invalid-key", "invalid-key", "invalid-key", "invalid-key"]);
    });

    test("takes a document at the size limit and refuses one byte more", async () => {
      const ofBytes = (bytes: number) => ({ text: "é".repeat((bytes - 12) / 2) + "x".repeat(bytes % 2) });
      const fits = ofBytes(DOCUMENT_BYTES - 1);

      await documents.create("p", "fits", fits);
      const tooLarge = documents.create("p", "too-large", { text: "x".repeat(DOCUMENT_BYTES - 10) });

      await expect(tooLarge).rejects.toMatchObject({ kind: "too-large", retryable: false });
      expect((await documents.read("p", "fits"))?.value).toEqual(fits);
      expect(await documents.read("p", "too-large")).toBeUndefined();
    });

    test("gives back JSON as it was", async () => {
      const value = {
        text: "\u0000\u2028\ud800 \ufffe😀",
        n: 2 ** 53 - 1,
        small: 1e-300,
        deep: [[{ __proto__x: null }]],
        empty: {},
        no: false,
      };
      await documents.create("p", "a", value);

      const read = await documents.read("p", "a");

      expect(read?.value).toEqual(value);
    });

    test("resolves durable with and without writes", async () => {
      await documents.durable();
      await documents.create("p", "a", {});

      await expect(Promise.all([documents.durable(), documents.durable()])).resolves.toEqual([undefined, undefined]);
    });
  });
}
