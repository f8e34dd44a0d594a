import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readPipelineFile } from "../../../sdk/yaml/read-pipeline.ts";
import { Report } from "../../../sdk/yaml/report.ts";
import { FileError } from "../../../sdk/yaml/yaml-error.ts";
import { parseYaml } from "../../../sdk/yaml/yaml-tree.ts";
import { TemporaryFolder } from "../temporary-folder.ts";

/** Reads a text; only an error for the user may come out. */
function survives(yaml: string): FileError | undefined {
  using folder = new TemporaryFolder();
  try {
    readPipelineFile("p.yml", folder.write({ "p.yml": yaml }).path);
    return undefined;
  } catch (error) {
    if (error instanceof FileError) return error;
    throw error;
  }
}

describe("readPipelineFile", () => {
  test("refuses anchors that would grow beyond measure, at once", () => {
    const lines = Array.from(
      { length: 30 },
      (_, index) =>
        `a${index}: &a${index} [${Array(9)
          .fill(index === 0 ? "x" : `*a${index - 1}`)
          .join(", ")}]`,
    );

    const error = survives(`${lines.join("\n")}\n`);

    expect(error?.details[0]).toMatch(/has anchors that stand for more than 100000 values/);
  });

  test.each([
    ["lists", "[".repeat(50_000)],
    ["maps", "{a: ".repeat(50_000)],
    ["block lists", "- ".repeat(50_000)],
    ["complex keys", "? ".repeat(50_000)],
    ["closing brackets", "]".repeat(200_000)],
    ["quotes", '"'.repeat(200_000)],
    ["anchors", "&a ".repeat(100_000)],
    ["aliases", `- &a 1\n${"- *a\n".repeat(100_000)}`],
  ])("survives a flood of %s", (_, yaml) => {
    expect(survives(yaml)).toBeInstanceOf(FileError);
  });

  test.each([
    ["lists", "[".repeat(50_000)],
    ["maps", "{a: ".repeat(30_000)],
    ["block lists", "- ".repeat(50_000)],
  ])("says of %s in one another that they are nested too deeply, and nothing else", (_, yaml) => {
    expect(survives(yaml)?.details).toEqual(["p.yml:1:1: is nested too deeply to be read (write it flatter)"]);
  });

  test("looks through as many keys as there may be once, not once a key", () => {
    const report = new Report("p.yml");
    const keys = Array.from({ length: 49_999 }, (_, index) => `k${index}:`).join("\n");

    const tree = parseYaml(keys, report);

    expect(report.count).toBe(0);
    expect(tree?.root.children?.size).toBe(0);
  }, 10_000);

  test("meets any text with a pipeline or an error for the user", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => void survives(text)),
      { numRuns: 300, interruptAfterTimeLimit: 10_000 },
    );
  });

  test("meets any shape under the right keys with a pipeline or an error for the user, in less than a second", () => {
    const key = fc.constantFrom(
      "type",
      "script_name",
      "inputs",
      "outputs",
      "arguments",
      "parameters",
      "run_after",
      "runconfig",
      "command",
      "source",
      "destination",
      "default",
      "x",
    );
    const leaf = fc.oneof(
      fc.constantFrom("PythonScriptStep", "CommandStep", "input:x", "parameter:", "~", "None", "__proto__", "constructor", "*a"),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.double(),
      fc.string({ maxLength: 8 }),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie("value"), { maxLength: 3 }), fc.dictionary(key, tie("value"), { maxKeys: 5 })),
    }));
    const section = fc.dictionary(fc.oneof(key, fc.constantFrom("a", "b c", "__proto__", "toString")), value, { maxKeys: 4 });
    const pipeline = fc.record(
      { steps: fc.oneof(section, value), parameters: fc.oneof(section, value), data_references: fc.oneof(section, value), name: value },
      { requiredKeys: [] },
    );

    fc.assert(
      fc.property(pipeline, (content) => {
        const startedAt = performance.now();

        survives(JSON.stringify({ pipeline: content }));

        expect(performance.now() - startedAt).toBeLessThan(1000);
      }),
      { numRuns: 500, interruptAfterTimeLimit: 15_000 },
    );
  });

  test("leaves the prototype of objects alone", () => {
    survives('{"pipeline": {"__proto__": {"polluted": 1}, "steps": {"constructor": {"prototype": {"polluted": 1}}}}}');

    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});
