import { describe, expect, test } from "vitest";
import { PipelineGraph } from "../../../shared/domain/pipeline-graph.ts";
import type { EffectiveParameter } from "../../../shared/domain/run-documents.ts";
import { commandLine, type WordContext } from "../../../shared/services/command-line.ts";

const PLACE = { datastore: "d", path: "a/b.csv" };

/** A step that takes a number, a text, a place and a dataset from the pipeline's parameters, all of them optional. */
function aStep(args: unknown[], more: object = {}) {
  const { steps } = PipelineGraph.parse({
    steps: [
      {
        key: "train",
        type: "PythonScriptStep",
        snapshotId: "a".repeat(64),
        scriptName: "train.py",
        arguments: args,
        parameters: { n: { source: "n" }, where: { source: "where" }, fixed: 3 },
        inputs: { table: { source: { parameter: "table" } }, labels: { source: PLACE } },
        ...more,
      },
    ],
  });
  const [step] = steps;
  if (!step) throw new Error("no step");
  return step;
}

/** The script's own words, as the shell reads them. */
function wordsOf(
  args: unknown[],
  { values = {}, ...more }: Partial<WordContext> & { values?: Record<string, EffectiveParameter["value"]> } = {},
): string {
  const parameters = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, origin: "submit" as const }]));
  const line = commandLine(aStep(args), { head: { parameters }, inputs: { labels: {} }, places: {}, ...more });
  return line.slice(line.indexOf("'train.py'") + "'train.py'".length).trim();
}

describe("commandLine", () => {
  test("says values as Python writes them, and an empty text as an empty word", () => {
    expect(wordsOf([{ parameter: "n" }, { parameter: "fixed" }], { values: { n: "" } })).toBe("'' '3'");
    expect(wordsOf([{ parameter: "n" }], { values: { n: true } })).toBe("'True'");
  });

  test("leaves out what has no value, with the option before it", () => {
    expect(wordsOf(["--first", "1", "-n", { parameter: "n" }, "--last"])).toBe("'--first' '1' '--last'");
    expect(wordsOf(["--table", { input: "table" }, "--labels", { input: "labels" }])).toBe(`'--labels' "\${{inputs.labels}}"`);
  });

  test.each([["-1"], ["--seed=7"], ["word"], ["-"]])("keeps %s before what is left out: it is no option that waits for a value", (word) => {
    expect(wordsOf([word, { parameter: "n" }])).toBe(`'${word}'`);
  });

  test("says a place by its URI where no input comes from it", () => {
    expect(wordsOf([{ parameter: "where" }], { values: { where: PLACE }, places: { where: "blob://d/a/b.csv" } })).toBe(
      "'blob://d/a/b.csv'",
    );
  });

  test("says a place by the path of the input that comes from it, in the words and in v1's variable", () => {
    const step = aStep([{ parameter: "t" }], { parameters: { t: { source: "table" } } });
    const parameters = { table: { value: PLACE, origin: "submit" as const } };

    expect(commandLine(step, { head: { parameters }, inputs: { table: {}, labels: {} }, places: {} })).toBe(
      [
        `export AZUREML_DATAREFERENCE_table="\${{inputs.table}}" AZUREML_DATAREFERENCE_labels="\${{inputs.labels}}"`,
        `AML_PARAMETER_t="\${{inputs.table}}" PYTHONPATH="\${{inputs.penstock_runtime}}\${PYTHONPATH:+:$PYTHONPATH}";`,
        `python 'train.py' "\${{inputs.table}}"`,
      ].join(" "),
    );
  });

  test("names no input that is not there", () => {
    expect(commandLine(aStep([]), { head: { parameters: {} }, inputs: { labels: {} }, places: {} })).not.toContain("table");
  });
});
