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

/** Keys by number: `s0`, `s1`, … */
export function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${prefix}${n}`);
}

/** s0 → s1 → s2 … */
export function chain(length: number): PipelineGraph {
  return aGraph(Object.fromEntries(numbered("s", length).map((key, n) => [key, n === 0 ? [] : [`s${n - 1}`]])));
}

/** `first`, then so many steps `m0`, `m1`, … beside one another, then `last`, which waits for all of them. */
export function fan(width: number): PipelineGraph {
  const middle = numbered("m", width);
  return aGraph({ first: [], ...Object.fromEntries(middle.map((key) => [key, ["first"]])), last: middle });
}

/** Layers of steps (`l0s0`, `l0s1`, …), each of which waits for three of the layer before. */
export function layers(depth: number, width: number): PipelineGraph {
  const edges: Record<string, string[]> = {};
  for (let layer = 0; layer < depth; layer++)
    for (let n = 0; n < width; n++)
      edges[`l${layer}s${n}`] = layer === 0 ? [] : [0, 7, 13].map((shift) => `l${layer - 1}s${(n + shift) % width}`);
  return aGraph(edges);
}

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
