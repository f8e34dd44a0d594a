import type { FingerprintParts } from "../domain/fingerprint.ts";
import type { RunId } from "../domain/ids.ts";
import { MOST_WAITING, type OutputPlace, type ReuseRecord, type ReuseSource } from "../domain/reuse.ts";
import { isSettled } from "../domain/statuses.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { ReuseStore } from "../ports/reuse-store.ts";
import type { RunStore } from "../ports/run-store.ts";
import { readableStepRun } from "./step-context.ts";

export interface ClaimDeps {
  runs: RunStore;
  reuse: ReuseStore;
  blobs: BlobStore;
  containerOf(datastore: string): Promise<string>;
}

/** What becomes of a step that could start. */
export type Claim =
  /** It runs. */
  | { readonly kind: "run" }
  /** Another run has done the same. */
  | { readonly kind: "reuse"; readonly source: ReuseSource }
  /** Another run is doing the same, and tells this run when it has ended. */
  | { readonly kind: "wait" };

/** A step of a run that wants to do what a fingerprint says. */
export interface Claimant {
  readonly runId: RunId;
  readonly stepRunId: RunId;
}

/**
 * Decides whether a step runs, so that what two runs need at once is run once. A run never takes its own results: steps of one run that are alike
 * all run, as in v1. A claim whose owner is gone is taken over. Safe to repeat.
 */
export async function claimStep(deps: ClaimDeps, hash: string, parts: FingerprintParts, own: Claimant): Promise<Claim> {
  for (;;) {
    const mine: ReuseRecord = { state: "running", parts, ...own, waiting: [] };
    const stored = await deps.reuse.find(hash);
    if (!stored) {
      if (await deps.reuse.create(hash, mine)) return { kind: "run" };
      continue;
    }
    const { value: known, etag } = stored;
    if (known.state === "completed") {
      if (known.source.runId === own.runId) return { kind: "run" };
      if ((await missingOutput(deps, known.source)) === undefined) return { kind: "reuse", source: known.source };
    }
    if (known.state === "running") {
      if (known.runId === own.runId) return { kind: "run" };
      const owner = await lookAtOwner(deps.runs, known);
      if (owner === "goes on") {
        if (await waitFor(deps.reuse, hash, known, etag, own.runId)) return { kind: "wait" };
        continue;
      }
      if (owner !== "is gone") {
        await deps.reuse.replace(hash, { state: "completed", parts, source: owner }, etag);
        continue;
      }
      mine.waiting = known.waiting.filter((runId) => runId !== own.runId);
    }
    if (await deps.reuse.replace(hash, mine, etag)) return { kind: "run" };
  }
}

/** The first output of which nothing is left; undefined when all are there. */
export async function missingOutput(
  { blobs, containerOf }: Pick<ClaimDeps, "blobs" | "containerOf">,
  { outputs }: ReuseSource,
): Promise<string | undefined> {
  for (const [name, place] of Object.entries(outputs)) if (!(await isThere(blobs, await containerOf(place.datastore), place))) return name;
  return undefined;
}

async function isThere(blobs: BlobStore, datastore: string, { path }: OutputPlace): Promise<boolean> {
  const below = await blobs.list(datastore, { prefix: `${path}/`, limit: 1 });
  return below.blobs.length > 0 || (await blobs.stat({ datastore, path })) !== undefined;
}

type Running = Extract<ReuseRecord, { state: "running" }>;

/** Whether the step that claimed a fingerprint goes on, is gone, or has completed, where whoever completed it died before it said so. */
async function lookAtOwner(runs: RunStore, { runId, stepRunId }: Running): Promise<"goes on" | "is gone" | ReuseSource> {
  const [head, stepRun] = await Promise.all([runs.head(runId), readableStepRun(runs, stepRunId)]);
  if (stepRun?.value.status === "Completed") return { runId, stepRunId, outputs: stepRun.value.outputs };
  const hasEnded = !head || head.value.settled || (stepRun !== undefined && isSettled(stepRun.value.status));
  return hasEnded ? "is gone" : "goes on";
}

/** Notes who waits. Too many look for themselves, at their watchdog. */
async function waitFor(reuse: ReuseStore, hash: string, known: Running, etag: string, runId: RunId): Promise<boolean> {
  if (known.waiting.includes(runId) || known.waiting.length >= MOST_WAITING) return true;
  return await reuse.replace(hash, { ...known, waiting: [...known.waiting, runId] }, etag);
}
