import { RunId } from "../../shared/domain/ids.ts";
import { PipelineGraph } from "../../shared/domain/pipeline-graph.ts";
import type { RunGraph } from "../../shared/domain/run-documents.ts";
import { planOf, type RunPlan } from "../../shared/domain/run-plan.ts";

/** A graph of command steps from `{ key: [keys it runs after] }`, valid as it comes. */
export function aGraph(edges: Record<string, string[]>, more: Partial<Record<string, unknown>> = {}): PipelineGraph {
  return PipelineGraph.parse({
    steps: Object.entries(edges).map(([key, runAfter]) => ({ type: "CommandStep", key, command: ["true"], runAfter })),
    ...more,
  });
}

/** a → b, a → c, {b, c} → d. */
export const diamond = () => aGraph({ a: [], b: ["a"], c: ["a"], d: ["b", "c"] });

/** The plan of a run of that graph; its steps must stand in an order where dependencies come first. */
export function aPlan(graph: PipelineGraph): RunPlan {
  return planOf(aRunGraph(graph));
}

export function aRunGraph(graph: PipelineGraph): RunGraph {
  return { runId: anId(0), graph, stepRunIds: graph.steps.map((_, index) => anId(index + 1)) };
}

/** A UUIDv7 that ends in a number. */
export function anId(n: number): RunId {
  return RunId.parse(`01980000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`);
}
