import { join, sep } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { parseRange } from "../../functions/byte-range.ts";
import { describeIssue } from "../../functions/describe-issue.ts";
import { MAX_VALUES, parseJson } from "../../functions/parse-json.ts";
import { parseQuery } from "../../functions/parse-query.ts";
import { readSchema } from "../../functions/read-schema.ts";
import { openSqliteDocuments } from "../../shared/adapters/sqlite/documents.ts";
import { SubmitRunRequest } from "../../shared/api/requests.ts";
import { RelativePath, RunId } from "../../shared/domain/ids.ts";
import { MetricBatch } from "../../shared/domain/metrics.ts";
import { ProblemError } from "../../shared/domain/problems.ts";
import { StoreError } from "../../shared/ports/documents.ts";
import { heapBytes, promptly, runs } from "../support/properties.ts";

const isProblem = (error: unknown): error is ProblemError => error instanceof ProblemError;
const MIB = 1024 * 1024;
const text = fc.string({ unit: "binary", maxLength: 60 });

describe("bodies", () => {
  const read = (bytes: Uint8Array) => promptly(() => parseJson(bytes, "application/json"), isProblem);

  test("of any bytes are JSON or a problem", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void read(bytes)),
      { numRuns: runs(500) },
    );
  });

  test("of JSON are what JSON.parse says, and nothing reaches the prototype of objects", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6, stringUnit: "binary" }), (value) => {
        const body = Buffer.from(JSON.stringify(value));

        const outcome = read(body);

        if (isProblem(outcome)) expect(body.toString()).toMatch(/__proto__/);
        else expect(outcome).toEqual(JSON.parse(body.toString()));
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: runs(300) },
    );
  });

  test("of 32 MiB of any marks are answered within a second, and leave nothing behind", () => {
    const round = (head: string) => {
      for (const unit of ["[", "]", "{", '"', "\\", ",", "1,", '"a":', "\u0000", " ", '{"a":', "[]", '"\\u005f'])
        expect(isProblem(read(Buffer.from(head + unit.repeat((32 * MIB - head.length) / unit.length))))).toBe(true);
    };
    round("");
    const before = heapBytes();

    round('{"a":"');

    expect(heapBytes() - before).toBeLessThan(16 * MIB);
  }, 120_000);

  test("that nearly fit a schema are told in a way that can be told", () => {
    const near = fc.record(
      {
        batchId: fc.oneof(fc.uuid(), text),
        order: fc.oneof(fc.integer(), text),
        entries: fc.array(
          fc.oneof(
            fc.object({ maxDepth: 3 }),
            fc.record(
              {
                kind: fc.constantFrom("scalar", "list", "row", "table", "image", "__proto__", "constructor"),
                name: text,
                value: fc.anything({ maxDepth: 3 }),
                time: fc.oneof(text, fc.constant("2026-01-01T00:00:00Z")),
              },
              { requiredKeys: [] },
            ),
          ),
          { maxLength: 4 },
        ),
      },
      { requiredKeys: [] },
    );

    fc.assert(
      fc.property(near, fc.object({ maxDepth: 4 }), (batch, request) => {
        for (const [schema, value] of [
          [MetricBatch, batch],
          [SubmitRunRequest, request],
        ] as const) {
          const read = promptly(() => readSchema(schema, value), isProblem);
          if ("issues" in read) for (const issue of read.issues) expect(describeIssue(issue, "").message.length).toBeLessThan(2000);
        }
      }),
      { numRuns: runs(300) },
    );
  });

  const step = (i: number, more: object = {}) => ({ type: "CommandStep", key: `s${i}`, command: ["true"], ...more });
  const submit = (steps: object[], more: object = {}) => ({ experimentName: "x", pipeline: { steps }, ...more });
  const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));
  const members = (count: number, value: unknown) => Object.fromEntries(many(count, (i) => [`m${i}`, value]));
  test.each<[string, z.ZodType, () => unknown]>([
    [
      "metrics",
      MetricBatch,
      () => ({ batchId: "x", order: -1, entries: many(1000, () => ({ kind: "table", name: "a", value: { a: Array(900).fill({}) } })) }),
    ],
    ["words", SubmitRunRequest, () => submit(many(90, (i) => step(i, { command: Array(10_000).fill({}) })))],
    ["steps", SubmitRunRequest, () => submit(many(20_000, () => ({ type: "CommandStep" })))],
    ["inputs", SubmitRunRequest, () => submit(many(20_000, (i) => step(i, { inputs: members(20, 1) })))],
    ["names that are not known", SubmitRunRequest, () => members(900_000, 1)],
    ["tags", SubmitRunRequest, () => submit([step(0)], { tags: members(900_000, 1) })],
  ])("of %s that are all wrong are told within a second, in few words", (_what, schema, make) => {
    const value = make();

    const read = promptly(() => readSchema(schema, value), isProblem);

    expect(JSON.stringify("issues" in read && read.issues.map((issue) => describeIssue(issue, ""))).length).toBeLessThan(100_000);
  });

  test("are read as zod reads them, right or wrong", () => {
    const entry = fc.record({
      kind: fc.constantFrom("scalar", "list", "table"),
      name: fc.constantFrom("a", ""),
      time: fc.constant("2026-01-01T00:00:00Z"),
      value: fc.oneof(
        fc.integer(),
        fc.array(fc.oneof(fc.integer(), fc.constant({})), { maxLength: 150 }),
        fc.dictionary(fc.constantFrom("a", "b"), fc.array(fc.oneof(fc.boolean(), fc.constant([])), { maxLength: 150 })),
      ),
    });

    fc.assert(
      fc.property(fc.uuid(), fc.array(entry, { maxLength: 5 }), (batchId, entries) => {
        const batch = { batchId, order: 1, entries };

        const read = readSchema(MetricBatch, batch);

        const wanted = MetricBatch.safeParse(batch);
        if (wanted.success) expect(read).toEqual({ data: wanted.data });
        else expect(read).toHaveProperty("issues");
      }),
      { numRuns: runs(300) },
    );
  });

  test.each([
    [10_000, true],
    [10_001, false],
  ])("may have %i tags: %j", (count, isRight) => {
    expect("data" in readSchema(SubmitRunRequest, submit([step(0)], { tags: members(count, "x") }))).toBe(isRight);
  });

  test.each([
    [MAX_VALUES, true],
    [MAX_VALUES + 1, false],
  ])("may hold %i values: %j", (count, isRight) => {
    const outcome = read(
      Buffer.from(
        `[${Array(count - 1)
          .fill("1")
          .join(",")}]`,
      ),
    );

    expect(isProblem(outcome)).toBe(!isRight);
    if (isProblem(outcome)) expect(outcome.message).toBe("the body holds more than 1000000 values");
  });
});

describe("what stands in a URL or a header", () => {
  test("a query is read or is a problem", () => {
    fc.assert(
      fc.property(text, (query) => {
        const found = promptly(() => parseQuery(`http://localhost/api/runs?${query}`), isProblem);

        if (!isProblem(found)) expect(Object.values(found).every((value) => typeof value === "string")).toBe(true);
      }),
      { numRuns: runs(500) },
    );
  });

  test("a range lies within the file, is none, or is a problem", () => {
    const header = fc.oneof(
      text,
      fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `bytes=${a}-${b}`),
      fc.stringMatching(/^bytes=\d{0,25}-\d{0,25}$/),
    );

    fc.assert(
      fc.property(header, fc.nat(1000), (header, size) => {
        const range = promptly(() => parseRange(header, size), isProblem);

        if (range === undefined || isProblem(range)) return;
        expect(range.from).toBeGreaterThanOrEqual(0);
        expect(range.length).toBeGreaterThan(0);
        expect(range.from + range.length).toBeLessThanOrEqual(size);
      }),
      { numRuns: runs(500) },
    );
  });

  test("a path that is taken stays below its folder", () => {
    const part = fc.oneof(
      fc.constantFrom("..", ".", "", "a", "\\", "\u0000", "...", "a..", "~", "C:", "\u2024\u2024", "\uff0f", "%2e%2e"),
      text,
    );

    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
        const read = promptly(() => RelativePath.safeParse(parts.join("/")), isProblem);

        if (isProblem(read) || !read.success) return;
        const full = join("/data/folder", read.data);
        expect(full).toBe(`/data/folder${sep}${read.data}`);
      }),
      { numRuns: runs(500) },
    );
  });

  test("an id is a GUID or is refused", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          fc.uuid(),
          fc.uuid().map((id) => `${id}\n`),
        ),
        (id) => {
          const read = RunId.safeParse(id);

          if (read.success) expect(read.data).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
        },
      ),
      { numRuns: runs(500) },
    );
  });

  test("a cursor or an etag that nobody was given finds a page or nothing, or is refused", async () => {
    const documents = openSqliteDocuments({ file: ":memory:" });
    const stored = await documents.create("p", "k", { a: 1 });

    await fc.assert(
      fc.asyncProperty(text, text, async (cursor, etag) => {
        const page = await documents.list("p", { after: cursor, limit: 10 }).catch((error: unknown) => {
          if (error instanceof StoreError && error.kind === "invalid-key") return undefined;
          throw error;
        });
        const replaced = etag === stored?.etag ? undefined : await documents.replace("p", "k", { a: 2 }, etag);

        expect(page === undefined || page.items.length <= 1).toBe(true);
        expect(replaced).toBeUndefined();
      }),
      { numRuns: runs(300) },
    );
    await documents.close();
  });
});
