import { dependencies } from "./check-graph.ts";
import type { Dag } from "./dag.ts";
import type { PipelineGraph, Step } from "./pipeline-graph.ts";
import type { RunGraph } from "./run-documents.ts";

/** The steps of a graph that are to run (its closure over `targets`), dependencies before dependants. */
export function stepsToRun(graph: PipelineGraph, dag: Dag): Step[] {
  const wanted = graph.targets && dag.closure(graph.targets.map((key) => graph.steps.findIndex((step) => step.key === key)));
  return dag.order.flatMap((index) => (wanted && !wanted.has(index) ? [] : (graph.steps[index] ?? [])));
}

/** A run's graph with its edges by index, made once for many looks. */
export interface RunPlan {
  readonly graph: RunGraph;
  /** For each step the indexes it waits for: all smaller than its own. */
  readonly dependsOn: readonly (readonly number[])[];
  readonly indexOf: ReadonlyMap<string, number>;
}

const plans = new WeakMap<RunGraph, RunPlan>();

/**
 * The plan of a graph, which never changes: the same object gives the plan of the first time, since each turn of each step asks for it.
 * @param graph as stored at submit: its steps stand in an order where dependencies come first.
 */
export function planOf(graph: RunGraph): RunPlan {
  const known = plans.get(graph);
  if (known) return known;
  const indexOf = new Map(graph.graph.steps.map((step, index) => [step.key, index]));
  const plan = { graph, indexOf, dependsOn: graph.graph.steps.map((step) => dependencies(step, indexOf)) };
  plans.set(graph, plan);
  return plan;
}
