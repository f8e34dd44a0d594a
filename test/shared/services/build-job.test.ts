import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PipelineGraph } from "../../../shared/domain/pipeline-graph.ts";
import { RunHead, StepRunDocument } from "../../../shared/domain/run-documents.ts";
import { buildJob, type JobContext } from "../../../shared/services/build-job.ts";
import { anId, aPlan } from "../../support/graphs.ts";

function aStep(more: Record<string, unknown>) {
  const graph = PipelineGraph.parse({ parameters: { rate: { type: "float", default: 0.1 } }, steps: [{ key: "train", ...more }] });
  const step = graph.steps[0];
  if (!step) throw new Error("no step");
  return { step, context: aContext(graph) };
}

function aContext(graph: PipelineGraph): JobContext {
  return {
    head: RunHead.parse({
      id: anId(0),
      experimentName: "iris",
      displayName: "iris",
      status: "Running",
      settled: false,
      createdAt: "2026-11-24T00:00:00Z",
      createdBy: { objectId: "o", tenantId: "t" },
      continueOnStepFailure: false,
      stepCount: 1,
      parameters: { rate: { value: 0.5, origin: "submit" } },
      tags: {},
      properties: {},
      warnings: [],
    }),
    plan: aPlan(graph),
    stepRun: StepRunDocument.parse({
      id: anId(1),
      runId: anId(0),
      index: 0,
      key: "train",
      attempt: 1,
      createdAt: "2026-11-24T00:00:00Z",
      tokenExpiresAt: "2026-12-24T00:00:00Z",
      status: "Running",
    }),
    compute: "cpu",
    environment: { image: "base", variables: {} },
    runtimeUri: "file:///runtime",
    inputs: {},
    places: {},
    outputs: { model: "blob://model" },
    apiUrl: "http://127.0.0.1:7071",
    workspace: "penstock",
    token: "secret-token",
  };
}

/** What the command line says for the folder of the step runtime; the service fills it in. */
const runtimePath = "$" + "{{inputs.penstock_runtime}}";

describe("buildJob", () => {
  test("is named by step run and attempt, and the same each time", () => {
    const { step, context } = aStep({ type: "CommandStep", command: ["true"] });

    expect(buildJob(step, context).key).toBe(`${anId(1)}_1`);
    expect(buildJob(step, context)).toEqual(buildJob(step, context));
  });

  test("runs a script with its arguments, data by path and parameters by value", () => {
    const { step, context } = aStep({
      type: "PythonScriptStep",
      snapshotId: "a".repeat(64),
      scriptName: "train.py",
      arguments: ["--rate", { parameter: "r" }, "--out", { output: "model" }],
      parameters: { r: { source: "rate" } },
      outputs: { model: {} },
    });

    const job = buildJob(step, context);

    expect(job.command).toBe(
      `export AZUREML_DATAREFERENCE_model="\${{outputs.model}}" PYTHONPATH="\${{inputs.penstock_runtime}}\${PYTHONPATH:+:$PYTHONPATH}"; python 'train.py' '--rate' '0.5' '--out' "\${{outputs.model}}"`,
    );
    expect(job.outputs).toEqual({ model: { uri: "blob://model", mode: "mount" } });
    expect(job.environmentVariables).toMatchObject({ AML_PARAMETER_r: "0.5", AZUREML_RUN_ID: anId(1) });
  });

  test("sets the environment's variables, the step's own over them, and what the runtime needs over all", () => {
    const { step, context } = aStep({
      type: "CommandStep",
      command: ["env"],
      environmentVariables: { COLOUR: "red", PENSTOCK_STEP: "none" },
    });

    const job = buildJob(step, { ...context, environment: { image: "base", variables: { COLOUR: "green", SHAPE: "round" } } });

    expect(job.environmentVariables).toMatchObject({ COLOUR: "red", SHAPE: "round", PENSTOCK_STEP: "train" });
    expect(job.environment).toEqual({ image: "base" });
  });

  test("keeps the token out of the command line", () => {
    const { step, context } = aStep({ type: "CommandStep", command: ["env"] });

    const job = buildJob(step, context);

    expect(job.command).not.toContain("secret-token");
    expect(job.environmentVariables["PENSTOCK_TOKEN"]).toBe("secret-token");
  });

  test("any text reaches the script as it is, and never as the service's or the shell's syntax", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string({ unit: "grapheme" }),
            fc.constantFrom("$" + "{{inputs.x}}", "$(id)", "`id`", "a'b", "\n", "-", "''", "$HOME", "\\"),
          ),
          { maxLength: 4 },
        ),
        (texts) => {
          const words = texts.map((text) => text.replaceAll("\0", ""));
          const { step, context } = aStep({ type: "PythonScriptStep", snapshotId: "a".repeat(64), scriptName: "x.py", arguments: words });

          const { command } = buildJob(step, context);

          expect(command.replace(runtimePath, "")).not.toContain("${{");
          const run = command
            .replace(runtimePath, "/r")
            .replace("python", `"${process.execPath}" -e 'console.log(JSON.stringify(process.argv.slice(2)))' --`);
          expect(JSON.parse(execFileSync("/bin/sh", ["-c", run], { encoding: "utf8" }))).toEqual(words);
        },
      ),
      { numRuns: 25 },
    );
  });
});
