import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { changesBetween, type FingerprintFacts, fingerprintOf } from "../../../shared/domain/fingerprint.ts";
import { Step } from "../../../shared/domain/pipeline-graph.ts";

const digest = (text: string) => createHash("sha256").update(text).digest("hex");

function facts(more: Partial<FingerprintFacts> = {}): FingerprintFacts {
  return {
    parameters: { rate: 0.1 },
    inputs: { data: "blobs/iris: file of 3 bytes, e1" },
    environment: { image: "base", variables: {} },
    digest,
    ...more,
  };
}
function aStep(more: Record<string, unknown> = {}): Step {
  return Step.parse({
    type: "PythonScriptStep",
    key: "train",
    snapshotId: "a".repeat(64),
    scriptName: "train.py",
    arguments: ["--rate", { parameter: "rate" }, { input: "data" }, { output: "model" }],
    parameters: { rate: { source: "rate" } },
    inputs: { data: { source: { datastore: "blobs", path: "iris" } } },
    outputs: { model: {} },
    ...more,
  });
}
const changed = (step: Step, later = facts()) => changesBetween(fingerprintOf(aStep(), facts()).parts, fingerprintOf(step, later).parts);

describe("a step's fingerprint", () => {
  test("is the same for what does the same, whatever it is called and where it runs", () => {
    const other = aStep({ key: "another", name: "Shown", compute: "gpu", runAfter: ["x"], timeoutSeconds: 5, allowReuse: true });

    expect(fingerprintOf(other, facts())).toEqual(fingerprintOf(aStep(), facts()));
  });

  test.each<[string, Record<string, unknown>, string]>([
    ["the script", { scriptName: "other.py" }, "script"],
    ["a file of the snapshot", { snapshotId: "b".repeat(64) }, "snapshot"],
    ["an argument", { arguments: ["--speed", { parameter: "rate" }, { input: "data" }, { output: "model" }] }, "argument 1"],
    ["how an input is delivered", { inputs: { data: { source: { datastore: "blobs", path: "iris" }, mode: "download" } } }, "input data"],
    ["where an output goes", { outputs: { model: { path: "models/{run-id}" } } }, "output model"],
    ["the version tag", { version: "2" }, "version"],
    ["a variable", { environmentVariables: { SEED: "1" } }, "variable SEED"],
  ])("differs by %s, and says so", (_, more, part) => {
    expect(changed(aStep(more)).map((change) => change.part)).toEqual([part]);
  });

  test("differs by the name of an input alone, as in v1", () => {
    const renamed = aStep({
      arguments: ["--rate", { parameter: "rate" }, { input: "iris" }, { output: "model" }],
      inputs: { iris: { source: { datastore: "blobs", path: "iris" } } },
    });

    const changes = changed(renamed, facts({ inputs: { iris: "blobs/iris: file of 3 bytes, e1" } }));

    expect(changes.map(({ part }) => part)).toEqual(["argument 3", "input data", "input iris"]);
  });

  test("differs by values, data and environment, and shows both sides", () => {
    const later = facts({
      parameters: { rate: 0.2 },
      inputs: { data: "blobs/iris: file of 3 bytes, e2" },
      environment: { image: "other", condaFile: "name: x", variables: {} },
    });

    expect(changed(aStep(), later)).toEqual([
      { part: "argument 2", before: 'parameter rate = "0.1"', after: 'parameter rate = "0.2"' },
      { part: "conda file", after: "name: x" },
      { part: "image", before: "base", after: "other" },
      { part: "input data", before: "blobs/iris: file of 3 bytes, e1, by mount", after: "blobs/iris: file of 3 bytes, e2, by mount" },
      { part: "parameter rate", before: "0.1", after: "0.2" },
    ]);
  });

  test("tells an empty parameter from one that has no value", () => {
    const [empty, none] = [facts({ parameters: { rate: "" } }), facts({ parameters: {} })];

    expect(fingerprintOf(aStep(), empty).hash).not.toBe(fingerprintOf(aStep(), none).hash);
  });

  test("keeps of a long text its digest and its length", () => {
    const step = (text: string) => Step.parse({ type: "CommandStep", key: "a", command: [text] });
    const [before, after] = ["x".repeat(300), `${"x".repeat(299)}y`].map((text) => fingerprintOf(step(text), facts()));

    expect(before?.parts["command 1"]).toMatch(/^sha256:[0-9a-f]{64} \(302 characters\)$/);
    expect(after?.hash).not.toBe(before?.hash);
  });

  test("does not confuse words that could be written together", () => {
    const words = fc.array(fc.string({ maxLength: 4 }), { minLength: 1, maxLength: 60 });
    const print = (command: string[]) => fingerprintOf(Step.parse({ type: "CommandStep", key: "a", command }), facts()).hash;

    fc.assert(fc.property(words, words, (one, other) => (print(one) === print(other)) === (JSON.stringify(one) === JSON.stringify(other))));
  });
});
