import { describe, expect, test } from "vitest";
import { checkGraph } from "../../../shared/domain/check-graph.ts";
import type { Dag } from "../../../shared/domain/dag.ts";
import { PipelineGraph } from "../../../shared/domain/pipeline-graph.ts";
import { stepsToRun } from "../../../shared/domain/run-plan.ts";
import { aGraph, diamond } from "../../support/graphs.ts";

describe("checkGraph", () => {
  test("accepts a diamond", () => {
    expect(checkGraph(diamond())).toHaveProperty("dag");
  });

  test("names every problem at once, each with its place", () => {
    const graph = PipelineGraph.parse({
      parameters: { rate: { type: "float", default: 0.1 } },
      steps: [
        { type: "CommandStep", key: "a", command: ["x", { input: "data" }], outputs: { out: {} } },
        { type: "CommandStep", key: "a", command: [{ parameter: "rate" }], parameters: { p: { source: "speed" } } },
        {
          type: "CommandStep",
          key: "b",
          command: ["x"],
          runAfter: ["nobody"],
          inputs: { i: { source: { step: "a", output: "gone" } }, j: { source: { step: "zzz", output: "out" } } },
        },
      ],
      targets: ["c"],
    });

    const checked = checkGraph(graph);

    expect("problems" in checked && checked.problems.map(({ pointer, message }) => `${pointer} ${message}`)).toEqual([
      '/steps/1/key step "a" is there twice',
      '/steps/0/command/1 there is no input of step "a" "data"',
      '/steps/1/command/0 there is no parameter of step "a" "rate"',
      '/steps/1/parameters/p/source there is no pipeline parameter "speed"',
      '/steps/2/runAfter/0 there is no step "nobody"',
      '/steps/2/inputs/i/source/output there is no output of step "a" "gone"',
      '/steps/2/inputs/j/source/step there is no step "zzz"',
      '/targets/0 there is no step "c"',
    ]);
  });

  test("refuses a cycle made of data and order together, and names it", () => {
    const graph = PipelineGraph.parse({
      steps: [
        { type: "CommandStep", key: "a", command: ["x"], runAfter: ["b"], outputs: { out: {} } },
        { type: "CommandStep", key: "b", command: ["x"], inputs: { i: { source: { step: "a", output: "out" } } } },
      ],
    });

    const checked = checkGraph(graph);

    expect("problems" in checked && checked.problems[0]?.message).toMatch(/^steps wait for one another: (a → b → a|b → a → b)$/);
  });

  test("keeps the runtime's own names for the runtime", () => {
    const graph = PipelineGraph.parse({ steps: [{ type: "CommandStep", key: "a", command: ["x"], outputs: { penstock_runtime: {} } }] });

    expect(checkGraph(graph)).toMatchObject({ problems: [{ pointer: "/steps/0" }] });
  });
});

describe("stepsToRun", () => {
  test("takes a target and its ancestors, dependencies first", () => {
    const graph = aGraph({ d: ["b"], b: ["a"], c: ["a"], a: [] }, { targets: ["b"] });
    const { dag } = checkGraph(graph) as { dag: Dag };

    expect(stepsToRun(graph, dag).map((step) => step.key)).toEqual(["a", "b"]);
  });
});
