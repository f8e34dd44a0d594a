import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { MAX_YAML_BYTES } from "../../../sdk/yaml/load-yaml.ts";
import { readPipelineFile } from "../../../sdk/yaml/read-pipeline.ts";
import { Report } from "../../../sdk/yaml/report.ts";
import { readRunConfiguration } from "../../../sdk/yaml/run-configuration.ts";
import { FileError } from "../../../sdk/yaml/yaml-error.ts";
import { MAX_TOKENS, parseYaml } from "../../../sdk/yaml/yaml-tree.ts";
import { heapBytes, promptly, runs } from "../../support/properties.ts";
import { TemporaryFolder } from "../temporary-folder.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const MIB = 1024 * 1024;
const PIPELINES = ["samples/iris/pipeline.yml", "samples/iris-sklearn/pipeline.yml"].map((path) => readFileSync(join(ROOT, path), "utf8"));
const RUN_CONFIGURATION = `script: train.py
target: cpu-cluster
maxRunDurationSeconds: 60
environment:
  name: mine
  environmentVariables: { A: "1", B: 2 }
  python:
    userManagedDependencies: false
    condaDependencies: { dependencies: [python=3.11, { pip: [numpy] }] }
  docker: { enabled: true, baseImage: an/image }
`;

const folder = new TemporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const isFileError = (error: unknown): error is FileError => error instanceof FileError;
const file = folder.join("p.yml");
function readPipeline(text: string | Uint8Array) {
  writeFileSync(file, text);
  return promptly(() => readPipelineFile(file), isFileError);
}
function readConfiguration(text: string | Uint8Array) {
  writeFileSync(file, text);
  return promptly(() => readRunConfiguration(file, folder.path, "train.py"), isFileError);
}

/** A text that once was right: pieces of it are gone, doubled, moved, or something else stands there. */
function damaged(texts: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.constantFrom(
    "\t",
    ":",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "!!binary x",
    "|\n",
    ">-\n",
    "? ",
    '"',
    "'",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "#",
    "~",
    "\u0000",
    "\ufeff",
    "__proto__: 1",
    "\r",
    "1e999",
    "0o777",
    "\ud800",
  );
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.nat(40),
    insert: fc.oneof(piece, fc.string({ maxLength: 5 })),
    twice: fc.boolean(),
  });
  return fc.tuple(fc.constantFrom(...texts), fc.array(change, { minLength: 1, maxLength: 6 })).map(([text, changes]) =>
    changes.reduce((changed, { at, remove, insert, twice }) => {
      const from = Math.floor(at * changed.length);
      const rest = changed.slice(from + (twice ? 0 : remove));
      return changed.slice(0, from) + (twice ? changed.slice(from, from + remove) : "") + insert + rest;
    }, text),
  );
}

/** One to three marks again and again, up to the mebibyte that a file may have or to just as many tokens as it may have. */
const hostile = fc
  .record({
    unit: fc.array(
      fc.constantFrom(
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "?",
        "-",
        "\n",
        " ",
        "a",
        "&a ",
        "*a",
        "!t ",
        "|",
        ">",
        "'",
        '"',
        "#",
        "%",
        "@",
        "\t",
        "\r\n",
        "\\q",
        "\\x41",
        "a: 1\n",
        "- a\n",
        "...\n",
        "---\n",
        "<<: ",
      ),
      { minLength: 1, maxLength: 3 },
    ),
    head: fc.constantFrom("", "[", "{", 'a: "', "a: |\n", "a: &a [1, 2]\nb: ", "pipeline:\n  steps:\n"),
    tokens: fc.constantFrom(MAX_TOKENS / 8, MAX_TOKENS / 2, Number.POSITIVE_INFINITY),
  })
  .map(({ unit, head, tokens }) => {
    const text = unit.join("");
    return head + text.repeat(Math.min(Math.floor((MAX_YAML_BYTES - head.length) / text.length), Math.ceil(tokens / unit.length)));
  });

describe("the reader of pipeline files", () => {
  test("meets any bytes with a pipeline or an error for the user", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void readPipeline(bytes)),
      { numRuns: runs(300) },
    );
  });

  test("meets a pipeline that was damaged with a pipeline or an error for the user", () => {
    fc.assert(
      fc.property(damaged(PIPELINES), (text) => void readPipeline(text)),
      { numRuns: runs(300) },
    );
  }, 60_000);

  test("answers within a second whatever a mebibyte is made of", () => {
    const before = heapBytes();

    fc.assert(
      fc.property(hostile, (text) => void readPipeline(text)),
      { numRuns: runs(40) },
    );

    expect(heapBytes() - before).toBeLessThan(32 * MIB);
  }, 600_000);

  test.each<[string, () => string]>([
    ["lists in one another", () => "[".repeat(MIB)],
    ["ends of lists", () => "]".repeat(MIB)],
    ["lists side by side", () => `[${"[],".repeat(MAX_TOKENS / 3 - 2)}]`],
    ["lines without a value", () => "a:\n".repeat(MAX_TOKENS / 3 - 2)],
    ["texts of many lines", () => `a: |\n${" x\n".repeat(MIB / 3 - 2)}`],
    ["one long text", () => `a: "${"x".repeat(MIB - 6)}"`],
    ["escapes that are none", () => `a: "${"\\q".repeat(MIB / 2 - 3)}"`],
    ["one long key", () => `${"x".repeat(MIB - 4)}: 1`],
    [
      "aliases of aliases",
      () =>
        `a: &a [x]\n${Array.from({ length: 200 }, (_, i) => `b${i}: &${i === 0 ? "b0" : `b${i}`} [${Array(9).fill(i === 0 ? "*a" : `*b${i - 1}`)}]\n`).join("")}`,
    ],
    [
      "steps that know one another",
      () =>
        `pipeline:\n  steps:\n${Array.from({ length: 5000 }, (_, i) => `    s${i}: {type: CommandStep, command: x, run_after: [s${i + 1}]}\n`).join("")}`,
    ],
    [
      "keys that nobody knows",
      () =>
        `pipeline:\n  steps: {a: {type: CommandStep, command: x}}\n${Array.from({ length: 20_000 }, (_, i) => `  k${i}: 1\n`).join("")}`,
    ],
  ])("answers within a second to %s", (_what, text) => {
    readPipeline(text().slice(0, MAX_YAML_BYTES));
  });
});

test.each([
  [MAX_TOKENS, true],
  [MAX_TOKENS + 1, false],
])("a pipeline file may have %i tokens: %j", (count, isRead) => {
  const report = new Report("p.yml");

  const text = `# ${"x".repeat(count)}\n[${"1,".repeat((MAX_TOKENS - 6) / 2)}1]\n${"\n".repeat(count - MAX_TOKENS)}`;
  const tree = parseYaml(text, report);

  expect(tree !== undefined).toBe(isRead);
  if (!isRead)
    expect(report.error().details).toEqual([expect.stringMatching(/^p\.yml:1:1: has more than 150000 tokens .*POST \/api\/runs\)$/)]);
});

describe("the reader of run configurations", () => {
  test("meets any bytes with a configuration or an error for the user", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void readConfiguration(bytes)),
      { numRuns: runs(200) },
    );
  });

  test("meets one that was damaged with a configuration or an error for the user", () => {
    fc.assert(
      fc.property(damaged([RUN_CONFIGURATION]), (text) => void readConfiguration(text)),
      { numRuns: runs(300) },
    );
  });
});
