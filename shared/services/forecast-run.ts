import type { SubmitRunRequest } from "../api/requests.ts";
import type { ForecastResource, StepForecast } from "../api/resources.ts";
import { changesBetween, type Fingerprint } from "../domain/fingerprint.ts";
import type { Step } from "../domain/pipeline-graph.ts";
import { StoreError } from "../ports/documents.ts";
import type { ReuseStore } from "../ports/reuse-store.ts";
import type { RunStore } from "../ports/run-store.ts";
import { type ClaimDeps, missingOutput } from "./claim-step.ts";
import { EarlierRuns } from "./earlier-runs.ts";
import type { EffectiveParametersDeps } from "./effective-parameters.ts";
import { type FingerprintDeps, StepFingerprints } from "./fingerprint-step.ts";
import { inBatches } from "./in-batches.ts";
import { checkSubmit } from "./submit-run.ts";

export interface ForecastDeps extends ClaimDeps, FingerprintDeps, EffectiveParametersDeps {
  runs: RunStore;
  reuse: ReuseStore;
}

type Way = StepForecast["way"];

const PARALLEL_STEPS = 16;

/**
 * What a submit would do, step by step: take the results of an earlier run, or run, and because of what. Nothing is stored or started. Code and data
 * need not be in the workspace yet.
 * @throws {ProblemError} `invalid-pipeline`, as the submit would.
 */
export const forecastRun =
  (deps: ForecastDeps) =>
  async (request: SubmitRunRequest): Promise<ForecastResource> => {
    const { catalog, datasets } = deps;
    const { graph, parameters } = await checkSubmit({ catalog, datasets }, request);
    const { steps } = graph;
    const prints = new StepFingerprints(deps, parameters);
    const earlier = new EarlierRuns(deps, request.experimentName);
    const ways = new Map<string, Promise<Way>>();
    // A step may wait for one before it that began earlier, and never for one behind it.
    await inBatches(steps, PARALLEL_STEPS, async (step) => {
      const way = wayOf(deps, step, { request, prints, earlier, ways });
      ways.set(step.key, way);
      await way;
    });
    const forecasts = await Promise.all(
      steps.map(async (step) => ({ key: step.key, name: step.name ?? step.key, way: await ways.get(step.key) }) as StepForecast),
    );
    const count = (kind: Way["kind"]) => forecasts.filter(({ way }) => way.kind === kind).length;
    return { steps: forecasts, counts: { reuse: count("reuse"), wait: count("wait"), run: count("run") } };
  };

interface Look {
  readonly request: SubmitRunRequest;
  readonly prints: StepFingerprints;
  readonly earlier: EarlierRuns;
  readonly ways: ReadonlyMap<string, Promise<Way>>;
}

async function wayOf(deps: ForecastDeps, step: Step, look: Look): Promise<Way> {
  if (!step.allowReuse) return { kind: "run", because: { reason: "not-allowed" } };
  if (look.request.regenerateOutputs) return { kind: "run", because: { reason: "regenerate" } };
  const producers = new Map<string, string>();
  for (const { source } of Object.values(step.inputs)) {
    if (!("step" in source)) continue;
    const way = await look.ways.get(source.step);
    if (!way || way.kind === "run") return { kind: "run", because: { reason: "upstream", step: source.step } };
    producers.set(source.step, way.from.stepRunId);
  }
  const print = await look.prints.of(step, (key) => producers.get(key));
  if (!("hash" in print)) return { kind: "run", because: { reason: "unknown-input", input: print.input, cause: print.cause } };
  return await wayOfPrint(deps, step, print, look);
}

async function wayOfPrint(deps: ForecastDeps, step: Step, print: Fingerprint, { earlier }: Look): Promise<Way> {
  const record = (await deps.reuse.find(print.hash))?.value;
  if (record?.state === "completed") {
    const { runId, stepRunId } = record.source;
    const output = await missingOutput(deps, record.source);
    if (output === undefined) return { kind: "reuse", from: { runId, stepRunId } };
    return { kind: "run", because: { reason: "outputs-gone", runId, output } };
  }
  if (record?.state === "running" && (await deps.runs.head(record.runId))?.value.settled === false)
    return { kind: "wait", from: { runId: record.runId, stepRunId: record.stepRunId } };
  const last = await earlier.last(step.key).catch(unlessReadable);
  const changes = last ? changesBetween(last.parts, print.parts) : [];
  if (!last || changes.length === 0) return { kind: "run", because: { reason: "never-completed" } };
  return { kind: "run", because: { reason: "changed", runId: last.runId, stepRunId: last.stepRunId, changes } };
}

/** A damaged document of an earlier run must not keep anybody from knowing what this one would do. */
function unlessReadable(error: unknown): undefined {
  if (error instanceof StoreError && !error.retryable) return undefined;
  throw error;
}
