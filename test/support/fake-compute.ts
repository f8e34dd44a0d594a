import type { HostClock } from "../../local/host/contract.ts";
import { type ComputeBackend, ComputeError, type JobRef, type JobRequest, type JobState } from "../../shared/ports/compute-backend.ts";

/** How a job goes, once it was started. */
export interface JobPlan {
  /** `never`: until it is told to end or canceled. */
  ends: "completed" | "failed" | "canceled" | "never";
  /** Milliseconds from its start to its end. */
  afterMs: number;
  warnings?: string[];
  /** A word the service never leaves by itself, after it began to run; events say it too. */
  stuckAs?: "finalizing" | "running";
  /** Milliseconds from its start to when reads see it at all. */
  hiddenMs?: number;
  /** Milliseconds from a cancel to its end; a job that is `deaf` completes all the same. */
  cancelMs?: number;
  deaf?: boolean;
}

/** What one call meets instead of an answer. */
export type Fault =
  | { kind: "busy"; retryAfterSeconds?: number }
  | { kind: "refused"; code?: string }
  /** The call takes effect and its answer is lost. */
  | { kind: "answerLost" }
  /** Nothing comes for two minutes; whether it took effect is for `takesEffect` to say. */
  | { kind: "silent"; takesEffect: boolean }
  /** The answer comes late. */
  | { kind: "slow"; ms: number };

/** A job in the service's books. */
export interface LedgerEntry {
  readonly request: JobRequest;
  readonly plan: JobPlan;
  /** Submits under its key that reached the service; the first started it. */
  submits: number;
  cancels: number;
  state: Exclude<JobState, { status: "lost" }>;
  readonly startedAt: number;
  endedAt?: number;
}

export type Operation = "submit" | "observe" | "cancel";

const SILENCE_MS = 120_000;

/**
 * A compute service as the port knows it, in the time of a clock: keeps books of its jobs, tells of their changes, and fails as told.
 * It holds to test/contracts/compute-backend.contract.ts.
 */
export class FakeCompute implements ComputeBackend {
  readonly kind = "azureml";
  readonly ledger = new Map<string, LedgerEntry>();
  /** Called at each change of a job's state. */
  onChange: (jobId: string, status: string) => void = () => {};
  /** How the job of a step goes. */
  plan: (request: JobRequest) => JobPlan = () => ({ ends: "completed", afterMs: 1000 });
  /** Which fault a call meets; undefined: none. */
  fault: (operation: Operation, jobId: string) => Fault | undefined = () => undefined;
  /** Runs at the start of a job whose plan is `never`: whoever really executes it calls `end`. */
  execute: (job: LedgerEntry) => void = () => {};
  /** Called first by every call; it may throw. */
  onCall: () => void = () => {};
  /** Waits in the clock's time. */
  readonly #sleep: (ms: number) => Promise<void>;
  readonly #clock: Pick<HostClock, "now" | "setTimer">;
  readonly #computes: ReadonlySet<string>;

  constructor(options: {
    clock: Pick<HostClock, "now" | "setTimer">;
    sleep: (ms: number) => Promise<void>;
    computes: readonly string[];
  }) {
    this.#clock = options.clock;
    this.#sleep = options.sleep;
    this.#computes = new Set(options.computes);
  }

  /** Lets a job of plan `never` go on: to a word in between, or to its end. */
  tell(jobId: string, status: JobState["status"], more: { exitCode?: number; code?: string; message?: string } = {}): void {
    const job = this.ledger.get(jobId);
    if (!job) throw new Error(`there is no job ${jobId}`);
    if (status === "lost") {
      this.ledger.delete(jobId);
      this.lost.set(jobId, job);
      return;
    }
    if (hasEnded(job)) return;
    const times = { startedAt: iso(job.startedAt), endedAt: iso(this.#clock.now()), warnings: job.plan.warnings ?? [] };
    if (status === "completed" || status === "canceled") job.state = { status, ...times };
    else if (status === "failed") {
      const { exitCode = 1, code = "UserError", message = `the command ended with exit code ${exitCode}` } = more;
      job.state = { status, ...times, code, message, exitCode };
    } else job.state = { status };
    if (hasEnded(job)) job.endedAt = this.#clock.now();
    this.onChange(jobId, status);
  }

  /** Jobs that the service forgot. */
  readonly lost = new Map<string, LedgerEntry>();

  async submit(request: JobRequest, beforeSubmit: () => Promise<void>, _signal: AbortSignal): Promise<JobRef> {
    await beforeSubmit();
    return await this.#answer("submit", request.key, () => {
      if (!this.#computes.has(request.compute))
        throw new ComputeError("ComputeNotFound", `there is no compute ${request.compute}`, { retryable: false });
      const there = this.ledger.get(request.key);
      if (there) there.submits++;
      else this.#start(request);
      return { backend: this.kind, id: request.key };
    });
  }

  async observe({ id }: JobRef, _signal: AbortSignal): Promise<JobState> {
    return await this.#answer("observe", id, () => {
      const job = this.ledger.get(id);
      return !job || this.#clock.now() < job.startedAt + (job.plan.hiddenMs ?? 0) ? { status: "lost" } : job.state;
    });
  }

  async cancel({ id }: JobRef, _signal: AbortSignal): Promise<void> {
    await this.#answer("cancel", id, () => {
      const job = this.ledger.get(id);
      if (!job || hasEnded(job) || this.#clock.now() < job.startedAt + (job.plan.hiddenMs ?? 0)) return;
      job.cancels++;
      if (job.plan.deaf || job.state.status === "canceling") return;
      this.tell(id, "canceling");
      this.#clock.setTimer(this.#clock.now() + (job.plan.cancelMs ?? 0), () => this.tell(id, "canceled"));
    });
  }

  logFolders({ id }: JobRef) {
    return [{ datastore: "workspaceartifactstore", prefix: `ExperimentRun/dcid.${id}/user_logs/` }];
  }

  artifactFolder({ id }: JobRef) {
    return { datastore: "workspaceartifactstore", prefix: `ExperimentRun/dcid.${id}/` };
  }

  #start(request: JobRequest): void {
    const plan = this.plan(request);
    const job: LedgerEntry = { request, plan, submits: 1, cancels: 0, state: { status: "queued" }, startedAt: this.#clock.now() };
    this.ledger.set(request.key, job);
    this.onChange(request.key, "queued");
    this.execute(job);
    if (hasEnded(job)) return;
    this.tell(request.key, plan.stuckAs ?? "running");
    const { ends } = plan;
    if (ends !== "never")
      this.#clock.setTimer(this.#clock.now() + plan.afterMs, () => this.ledger.has(request.key) && this.tell(request.key, ends));
  }

  async #answer<T>(operation: Operation, jobId: string, act: () => T): Promise<T> {
    this.onCall();
    const fault = this.fault(operation, jobId);
    switch (fault?.kind) {
      case undefined:
        return act();
      case "busy":
        throw new ComputeError("TooManyRequests", `the service is busy; job ${jobId}`, {
          retryable: true,
          retryAfterSeconds: fault.retryAfterSeconds,
        });
      case "refused":
        throw new ComputeError(fault.code ?? "Refused", `the service refuses to ${operation} job ${jobId}`, { retryable: false });
      case "answerLost":
        act();
        throw new ComputeError("ConnectionReset", `the answer about job ${jobId} was lost`, { retryable: true });
      case "silent":
        if (fault.takesEffect) act();
        await this.#sleep(SILENCE_MS);
        throw new ComputeError("Timeout", `no answer about job ${jobId}`, { retryable: true });
      case "slow": {
        const answer = act();
        await this.#sleep(fault.ms);
        return answer;
      }
    }
  }
}

export function hasEnded({ state }: LedgerEntry): boolean {
  return state.status === "completed" || state.status === "failed" || state.status === "canceled";
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
