import type { InputMode, OutputMode } from "../domain/pipeline-graph.ts";

/** What one attempt of a step asks of a compute. Made from stored data alone, so that asking twice has the same bytes. */
export interface JobRequest {
  /** Job name, the idempotency key: `<step run id>_<attempt>`. */
  readonly key: string;
  readonly displayName: string;
  readonly experimentName: string;
  /** Name of the compute in its service. */
  readonly compute: string;
  /** Folder with the snapshot, content-addressed; absent: an empty working folder. */
  readonly code?: { readonly id: string; readonly uri: string };
  readonly environment: { readonly image: string; readonly condaFile?: string };
  /** Shell command; `${{inputs.x}}` and `${{outputs.y}}` stand for paths. */
  readonly command: string;
  readonly inputs: Readonly<Record<string, { uri: string; mode: InputMode; kind: "file" | "folder" } | { literal: string }>>;
  readonly outputs: Readonly<Record<string, { uri: string; mode: OutputMode }>>;
  readonly environmentVariables: Readonly<Record<string, string>>;
  readonly timeoutSeconds?: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, string>>;
}

/** A job as its service knows it. */
export interface JobRef {
  readonly backend: string;
  readonly id: string;
}

/** Where a job stands. `lost`: the service no longer knows it, which is not the same as failing. Times are ISO 8601, UTC. */
export type JobState =
  | { status: "queued" | "preparing" | "running" | "finalizing" | "canceling" }
  | { status: "completed"; startedAt?: string; endedAt?: string; warnings: string[] }
  | { status: "failed"; startedAt?: string; endedAt?: string; warnings: string[]; code: string; message: string; exitCode?: number }
  | { status: "canceled"; startedAt?: string; endedAt?: string; warnings: string[] }
  | { status: "lost" };

/** Runs jobs somewhere. Each adapter passes test/contracts/compute-backend.contract.ts. */
export interface ComputeBackend {
  readonly kind: string;
  /**
   * Starts the job, or finds the one already started under `request.key`: an activity may run more than once, and a
   * second submit must not pay for a second job. `beforeSubmit` is awaited right before the call that can start it
   * (its assets may be made earlier): there the caller makes durable what the job relies on.
   * @throws {ComputeError}
   */
  submit(request: JobRequest, beforeSubmit: () => Promise<void>, signal: AbortSignal): Promise<JobRef>;
  /**
   * @param toldEnded somebody said that the job has ended: what is asked only of ended jobs may be asked at once. It is not believed.
   * @throws {ComputeError}
   */
  observe(job: JobRef, signal: AbortSignal, toldEnded?: boolean): Promise<JobState>;
  /** Asks the job to stop and returns before it has; does nothing to a job that ended or is not known. @throws {ComputeError} */
  cancel(job: JobRef, signal: AbortSignal): Promise<void>;
  /** Where the service keeps this job's logs, in reading order once they exist: a folder in a datastore. */
  logFolders(job: JobRef): { datastore: string; prefix: string }[];
  /** Where files that the job left in `./outputs` and `./logs` lie. */
  artifactFolder(job: JobRef): { datastore: string; prefix: string };
}

/** A compute service refused or could not be reached. `retryable`: it was busy or out of reach; otherwise no later attempt can help. */
export class ComputeError extends Error {
  override readonly name = "ComputeError";
  readonly retryable: boolean;
  readonly code: string;
  /** Seconds to wait, where the service said so. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: string, message: string, options: { retryable: boolean; retryAfterSeconds?: number | undefined; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
