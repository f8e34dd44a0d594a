import { ProblemError } from "../domain/problems.ts";
import { MOST_BACKOFF_SECONDS } from "../domain/retry.ts";
import { type Failure, StepRunDocument } from "../domain/run-documents.ts";
import { isSettled } from "../domain/statuses.ts";
import type { StepRunInput, StepTurn } from "../domain/turns.ts";
import type { BlobRef, BlobStore } from "../ports/blob-store.ts";
import type { StepTokens } from "../ports/callers.ts";
import { ComputeError, type JobRequest } from "../ports/compute-backend.ts";
import type { Stored } from "../ports/documents.ts";
import { StoreError } from "../ports/documents.ts";
import { announceSettled } from "./announce-settled.ts";
import { buildJob, outputPlace } from "./build-job.ts";
import type { Catalog } from "./catalog.ts";
import { findInputs, findPlaces } from "./find-inputs.ts";
import { StepFingerprints } from "./fingerprint-step.ts";
import { producersOf } from "./reused-sources.ts";
import { settle } from "./settle-step.ts";
import {
  jobOf,
  REMOTE_CALL_MS,
  readStepContext,
  runStops,
  type StepContext,
  type StepDeps,
  tokenExpiry,
  tryToCancel,
  turnAfterError,
} from "./step-context.ts";

export interface BeginStepDeps extends StepDeps {
  catalog: Catalog;
  blobs: BlobStore;
  stepTokens: StepTokens;
  /** Container of a datastore of the catalog. */
  containerOf(datastore: string): Promise<string>;
  /** Makes sure that a snapshot lies as a folder, and says where. */
  layOutSnapshot(snapshotId: string): Promise<BlobRef>;
  /** URI of the folder with the step runtime, which every job takes along. */
  runtimeUri: () => Promise<string>;
  settings: { apiUrl: string; workspace: string; defaultCompute: string; defaultImage: string };
}

const UNMARKED_LOOK_SECONDS = 5;

/**
 * Submits a step's job, unless the step has settled, its job is there already or its run stops. May be called any number of times:
 * the job's name is the key under which its service finds it again.
 */
export const beginStep =
  (deps: BeginStepDeps) =>
  async (input: StepRunInput): Promise<StepTurn> => {
    try {
      return await begin(deps, input);
    } catch (error) {
      return turnAfterError(deps, input, false, error);
    }
  };

async function begin(deps: BeginStepDeps, input: StepRunInput): Promise<StepTurn> {
  const [context, existing] = await Promise.all([readStepContext(deps.runs, input), deps.runs.stepRun(input.stepRunId)]);
  // With a document the job may have been submitted by a call that died: ending it is then settleStep's to do.
  const pauseMs = pauseLeft(deps, existing?.value);
  if (context.stops && existing && !isSettled(existing.value.status))
    return pauseMs > 0
      ? await settle(deps, existing, { status: "Canceled" })
      : { status: "CancelRequested", begun: true, attempt: existing.value.attempt };
  if (!existing && context.letter !== "s") return notStarted(context);
  const stored = existing ?? (await deps.runs.createStepRun(await newDocument(deps, context, input)));
  // Another call may have created it, and settled it, since it was looked for.
  if (isSettled(stored.value.status)) {
    await announceSettled(deps, stored.value, true);
    return { settled: stored.value.status, status: stored.value.status, begun: true };
  }
  if (context.stops) return await settle(deps, stored, { status: "Canceled" });
  if (pauseMs > 0) return { status: "Queued", begun: false, attempt: stored.value.attempt, retryAfterSeconds: pauseMs / 1000 };
  const failure = await submit(deps, context, stored.value);
  if (failure) return await refuse(deps, stored, failure, existing !== undefined);
  // Checked again after the submit, so that a cancel which came in between finds either no job or this one.
  if (await runStops(deps.runs, input.runId)) await tryToCancel(deps, stored.value);
  const { attempt } = stored.value;
  if (deps.phases.set(input.stepRunId, "Queued", deps.clock.now(), attempt)) deps.runs.touch(input.runId);
  return { status: "Queued", begun: true, ...(attempt > 1 && { attempt }) };
}

/** How long the next attempt still waits, in milliseconds: until then its job has not been submitted. */
function pauseLeft({ clock }: BeginStepDeps, stepRun: StepRunDocument | undefined): number {
  const left = stepRun?.notBefore === undefined ? 0 : Date.parse(stepRun.notBefore) - clock.now();
  return Math.min(left, MOST_BACKOFF_SECONDS * 1000); // a clock that was put back makes no longer pause
}

/**
 * The run has not marked the step as started: a loss of power took that from the store and not from the orchestrations. It is for the run to
 * start it again, once its dependencies have completed again as far as the store knows; it may have decided otherwise meanwhile.
 */
function notStarted({ letter }: StepContext): StepTurn {
  if (letter === "n") return { status: "Queued", begun: false, retryAfterSeconds: UNMARKED_LOOK_SECONDS };
  return { unwanted: true, status: "NotStarted", begun: false };
}

/** Settles a step whose job cannot be started, unless an earlier call has started it: then what is wrong now came later, and the job counts. */
async function refuse(deps: BeginStepDeps, stored: Stored<StepRunDocument>, failure: Failure, isRepeat: boolean): Promise<StepTurn> {
  if (isRepeat) {
    const { status } = await deps.backend.observe(jobOf(deps.backend, stored.value), AbortSignal.timeout(REMOTE_CALL_MS));
    if (status !== "lost") return { status: "Queued", begun: true, attempt: stored.value.attempt };
  }
  return await settle(deps, stored, { status: "Failed", failure });
}

async function newDocument(deps: BeginStepDeps, context: StepContext, input: StepRunInput): Promise<StepRunDocument> {
  const { head, step } = context;
  const { stepRunId, runId, index } = input;
  const now = deps.clock.now();
  const fingerprint = input.fingerprint ?? (await claimLate(deps, context, input));
  const outputs = Object.entries(step.outputs).map(([name, output]) => [name, outputPlace(stepRunId, name, output)]);
  return StepRunDocument.parse({
    id: stepRunId,
    runId,
    index,
    key: step.key,
    attempt: 1,
    createdAt: new Date(now).toISOString(),
    tokenExpiresAt: tokenExpiry(now),
    status: "Running",
    properties: {
      StepType: step.type,
      "azureml.pipelinerunid": head.id,
      "azureml.runsource": "azureml.StepRun",
      ...("snapshotId" in step && step.snapshotId && { ContentSnapshotId: step.snapshotId }),
    },
    outputs: Object.fromEntries(outputs),
    fingerprint,
  });
}

/**
 * The fingerprint of a step that was started without one: the run asked for new results, or whoever started it did not know what had been claimed
 * for it. It does not look for results, but later runs may find its own.
 */
async function claimLate(deps: BeginStepDeps, context: StepContext, { runId, stepRunId }: StepRunInput): Promise<string | undefined> {
  const { step, plan, head } = context;
  if (!step.allowReuse) return undefined;
  const print = await new StepFingerprints(deps, head.parameters).of(step, producersOf(plan, await context.reused()));
  if (!("hash" in print)) return undefined;
  await deps.reuse.create(print.hash, { state: "running", parts: print.parts, runId, stepRunId, waiting: [] });
  return print.hash;
}

/**
 * @returns why the step cannot run, where no later attempt can help.
 * @throws {ComputeError | StoreError} `retryable`: a service is busy or out of reach.
 */
async function submit(deps: BeginStepDeps, context: StepContext, stepRun: StepRunDocument): Promise<Failure | undefined> {
  try {
    const request = await jobRequest(deps, context, stepRun);
    if ("cause" in request) return request;
    await deps.backend.submit(request, () => deps.runs.durable(), AbortSignal.timeout(REMOTE_CALL_MS));
    return undefined;
  } catch (error) {
    // What the step names went away since the submit, or a file of its snapshot was damaged.
    if (error instanceof ProblemError) return { code: error.problem.kind, cause: error.message };
    if ((error instanceof StoreError || error instanceof ComputeError) && !error.retryable)
      return { code: error instanceof StoreError ? "StoreError" : error.code, cause: error.message };
    throw error;
  }
}

async function jobRequest(deps: BeginStepDeps, context: StepContext, stepRun: StepRunDocument): Promise<JobRequest | Failure> {
  const { step, head, plan } = context;
  const [inputs, places, outputs, code, compute, environment, runtimeUri, token] = await Promise.all([
    findInputs(deps, context),
    findPlaces(deps, context),
    outputUris(deps, stepRun),
    step.snapshotId && deps.layOutSnapshot(step.snapshotId),
    deps.catalog.get("computes", step.compute ?? plan.graph.graph.defaultCompute ?? deps.settings.defaultCompute),
    deps.catalog.find("environments", "default"),
    deps.runtimeUri(),
    deps.stepTokens.mint({ stepRunId: stepRun.id, runId: head.id, expiresAt: stepRun.tokenExpiresAt }),
  ]);
  if ("cause" in inputs) return inputs;
  const spec = step.environment ?? environment?.spec;
  return buildJob(step, {
    head,
    plan,
    stepRun,
    compute: compute.target,
    environment: {
      image: spec?.image ?? deps.settings.defaultImage,
      ...(spec?.condaFile !== undefined && { condaFile: spec.condaFile }),
      variables: spec?.variables ?? {},
    },
    ...(code && step.snapshotId && { code: { id: step.snapshotId, uri: deps.blobs.uri(code) } }),
    runtimeUri,
    inputs: inputs.found,
    places,
    outputs,
    apiUrl: deps.settings.apiUrl,
    workspace: deps.settings.workspace,
    token,
  });
}

async function outputUris({ blobs, containerOf }: BeginStepDeps, { outputs }: StepRunDocument): Promise<Record<string, string>> {
  const uris: Record<string, string> = {};
  for (const [name, { datastore, path }] of Object.entries(outputs))
    uris[name] = blobs.uri({ datastore: await containerOf(datastore), path });
  return uris;
}
