import { checkGraph } from "../domain/check-graph.ts";
import type { PipelineGraph } from "../domain/pipeline-graph.ts";
import { MAX_PROBLEMS, type ProblemDetail, ProblemError } from "../domain/problems.ts";
import { stepsToRun } from "../domain/run-plan.ts";
import type { Clock } from "../ports/clock.ts";
import { type CheckReferencesDeps, checkReferences } from "./check-references.ts";

/** Where a graph came from: in the request, so that problems point into it at `/pipeline`, or out of the store, where they name step or parameter. */
export type GraphOrigin = "request" | "store";

/**
 * The graph as it would run: its closure, in an order where dependencies come first, without `targets`.
 * @param others problems that were found elsewhere in the request, told together with those of the graph.
 * @throws {ProblemError} `invalid-pipeline` with every problem found.
 */
export async function checkPipeline(
  deps: CheckReferencesDeps,
  pipeline: PipelineGraph,
  origin: GraphOrigin,
  others: readonly ProblemDetail[] = [],
): Promise<PipelineGraph> {
  const checked = checkGraph(pipeline);
  const inGraph = [...("problems" in checked ? checked.problems : []), ...(await checkReferences(deps, pipeline))];
  assertNone([...others, ...inGraph.map(inPipeline)], origin, pipeline);
  if ("problems" in checked) throw new Error("a graph with problems was found to have none");
  const { targets: _targets, ...graph } = pipeline;
  return { ...graph, steps: stepsToRun(pipeline, checked.dag) };
}

/** For how long what a published graph names is taken to be there still: nothing of it is taken away by the product itself. */
const FRESH_MS = 60_000;
const lastChecked = new WeakMap<PipelineGraph, number>();

/**
 * Checks again what can change of a graph that was found to be in order when it was stored: what it names.
 * @param graph as the store gives it out, the same object for a while.
 * @throws {ProblemError} `invalid-pipeline`
 */
export async function checkAgain(
  deps: CheckReferencesDeps & { clock: Clock },
  graph: PipelineGraph,
  others: readonly ProblemDetail[],
): Promise<void> {
  const now = deps.clock.now();
  const last = lastChecked.get(graph);
  const isFresh = last !== undefined && now >= last && now - last < FRESH_MS;
  const problems = isFresh ? [] : await checkReferences(deps, graph);
  assertNone([...others, ...problems.map(inPipeline)], "store", graph);
  if (!isFresh) lastChecked.set(graph, now);
}

function inPipeline(problem: ProblemDetail): ProblemDetail {
  return { ...problem, pointer: `/pipeline${problem.pointer ?? ""}` };
}

function assertNone(problems: readonly ProblemDetail[], origin: GraphOrigin, graph: PipelineGraph): void {
  if (problems.length === 0) return;
  const told = problems.slice(0, MAX_PROBLEMS).map((problem) => (origin === "request" ? problem : withoutPointer(problem, graph)));
  throw new ProblemError({ kind: "invalid-pipeline", errors: told });
}

/** A problem of a graph that the request does not hold: there is nothing to point at. */
function withoutPointer(problem: ProblemDetail, graph: PipelineGraph): ProblemDetail {
  const [, pipeline, kind, at = ""] = problem.pointer?.split("/") ?? [];
  if (pipeline !== "pipeline") return problem;
  const { pointer: _pointer, message, ...rest } = problem;
  const where =
    kind === "steps"
      ? `step ${JSON.stringify(graph.steps[Number(at)]?.key)}: `
      : kind === "parameters"
        ? `parameter ${JSON.stringify(at)}: `
        : "";
  return { message: `${where}${message}`, ...rest };
}
