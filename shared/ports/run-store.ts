import type { MetricBatch } from "../domain/metrics.ts";
import type { ReusedStep } from "../domain/reuse.ts";
import type { ChildRunDocument, Progress, RunGraph, RunHead, RunRecord, SettledMarker, StepRunDocument } from "../domain/run-documents.ts";
import type { Page, Stored } from "./documents.ts";

/** Which pipeline runs a listing shows; absent members do not filter. */
export interface RunFilter {
  experimentName?: string;
  status?: string;
  settled?: boolean;
  pipelineId?: string;
}

/** A page of runs, and those that belong on it but whose documents are damaged: one of them must not hide the others. */
export interface RunPage extends Page<RunHead> {
  readonly unreadable: readonly UnreadableRun[];
}

/** `cause` names the document. */
export interface UnreadableRun {
  readonly id: string;
  readonly cause: string;
}

/**
 * Run history. A promise resolves when the write is ordered and visible to this process, {@link durable} when all so far is on disk.
 * Replacing answers false when somebody else replaced first: read again, decide again.
 * @throws {StoreError}
 */
export interface RunStore {
  /** Stores head, graph and progress of a new run; answers false when the run is there already. The head comes last: a run without one does not exist. */
  create(run: { head: RunHead; graph: RunGraph; progress: Progress }): Promise<boolean>;
  head(runId: string): Promise<Stored<RunHead> | undefined>;
  replaceHead(head: RunHead, etag: string): Promise<boolean>;
  /** Newest first. `after` is the id of the last run of the page before. */
  list(filter: RunFilter, page: { after?: string | undefined; limit: number }): Promise<RunPage>;
  graph(runId: string): Promise<RunGraph | undefined>;
  progress(runId: string): Promise<Stored<Progress> | undefined>;
  replaceProgress(progress: Progress, etag: string): Promise<boolean>;

  /** Turns the wake flag on; answers whether the orchestration is to be told: it was off, or has been on for so long that the notice may be lost. */
  turnOnWake(runId: string, now: number): Promise<boolean>;
  clearWake(runId: string, now: number): Promise<void>;

  /** Creates, or answers the one that is there. */
  createStepRun(document: StepRunDocument): Promise<Stored<StepRunDocument>>;
  stepRun(stepRunId: string): Promise<Stored<StepRunDocument> | undefined>;
  replaceStepRun(document: StepRunDocument, etag: string): Promise<boolean>;
  /** Leaves a settled marker under a UUIDv7; one that is there already is left as it is. */
  addSettled(runId: string, key: string, marker: SettledMarker): Promise<void>;
  /** Markers after a key (exclusive), in order of settling, all of them. */
  settledAfter(runId: string, after: string): Promise<{ key: string; marker: SettledMarker }[]>;

  /** Stores steps that were settled without a job, under a name of its own. */
  addReused(runId: string, page: string, steps: readonly ReusedStep[]): Promise<void>;
  /** The steps of these pages. @throws {StoreError} `corrupt` when a page is not there. */
  reused(runId: string, pages: readonly string[]): Promise<ReusedStep[]>;

  /** Stores a batch of one try of a step (the first unless told); one that is there already is left as it is. */
  addMetrics(runId: string, batch: MetricBatch, attempt?: number): Promise<void>;
  metrics(runId: string, attempt?: number): Promise<MetricBatch["entries"]>;
  record(runId: string): Promise<Stored<RunRecord> | undefined>;
  createRecord(runId: string, record: RunRecord): Promise<boolean>;
  replaceRecord(runId: string, record: RunRecord, etag: string): Promise<boolean>;
  addChild(child: ChildRunDocument): Promise<void>;
  child(runId: string): Promise<ChildRunDocument | undefined>;
  children(parentRunId: string): Promise<ChildRunDocument[]>;

  /** Claims an idempotency key for a run, or answers who has it. `bodyHash` tells the same request from another. */
  claimKey(key: string, claim: { runId: string; bodyHash: string }): Promise<{ runId: string; bodyHash: string }>;

  /** Says that something one sees of the run changed (a step's phase, say) that is not stored here. */
  touch(runId: string): void;
  /** Counts changes of a run that this process knows of; with {@link changed} a watcher misses none. */
  changes(runId: string): number;
  /** Resolves when the count is another than `seen`, or at `signal`; looks each second where others write too. */
  changed(runId: string, seen: number, signal: AbortSignal): Promise<void>;
  /** For a watcher who has seen a change: resolves when those that follow it closely have come too, after 20 ms or when the run ends. */
  lull(runId: string, signal: AbortSignal): Promise<void>;
  durable(): Promise<void>;
}
