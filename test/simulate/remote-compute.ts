import type { JobRequest, JobState } from "../../shared/ports/compute-backend.ts";
import type { JobPlan } from "./scenario.ts";
import type { Scheduler } from "./scheduler.ts";

/** A job in the service's books. Times are milliseconds of the simulation. */
export interface Job {
  readonly key: string;
  readonly runId: string;
  readonly stepRunId: string;
  readonly plan: JobPlan;
  readonly startedAt: number;
  state: Exclude<JobState, { status: "lost" }>;
  isLost: boolean;
  submits: number;
  cancels: number;
}

/** A compute service that keeps books, is never wrong about them, and outlives every host. Faults are its connection's. */
export class RemoteCompute {
  readonly ledger = new Map<string, Job>();
  onChange: (job: Job) => void = () => {};
  onStart: (job: Job) => void = () => {};

  constructor(
    private readonly scheduler: Scheduler,
    /** Of the service, which has a right one. */
    private readonly clock: () => number,
  ) {}

  submit(request: JobRequest, plan: JobPlan): void {
    const there = this.ledger.get(request.key);
    if (there) {
      there.submits++;
      return;
    }
    const job: Job = {
      key: request.key,
      runId: request.properties["azureml.pipelinerunid"] ?? "",
      stepRunId: request.properties["penstock.steprunid"] ?? "",
      plan,
      startedAt: this.scheduler.now,
      state: { status: "running" },
      isLost: false,
      submits: 1,
      cancels: 0,
    };
    this.ledger.set(job.key, job);
    this.onStart(job);
    this.onChange(job);
    this.#plan(job);
  }

  observe(key: string): JobState {
    const job = this.ledger.get(key);
    if (!job || job.isLost || this.scheduler.now < job.startedAt + job.plan.hiddenMs) return { status: "lost" };
    return job.state;
  }

  cancel(key: string): void {
    const job = this.ledger.get(key);
    if (!job || this.observe(key).status === "lost" || hasEnded(job)) return;
    job.cancels++;
    const { cancelMs } = job.plan;
    if (cancelMs === undefined || job.state.status === "canceling") return;
    job.state = { status: "canceling" };
    this.onChange(job);
    this.scheduler.after(cancelMs, () => this.#end(job, "canceled"));
  }

  #plan(job: Job): void {
    const { ends, afterMs, lostAfterMs } = job.plan;
    if (ends !== "never")
      this.scheduler.after(afterMs, () => this.#end(job, ends === "failed" || ends === "canceled" ? ends : "completed"));
    if (lostAfterMs !== undefined)
      this.scheduler.after(lostAfterMs, () => {
        job.isLost = true;
      });
  }

  #end(job: Job, status: "completed" | "failed" | "canceled"): void {
    if (job.isLost || hasEnded(job)) return;
    const began = this.clock() - (this.scheduler.now - job.startedAt);
    const times = { startedAt: new Date(began).toISOString(), endedAt: new Date(this.clock()).toISOString(), warnings: [] };
    job.state = status === "failed" ? { status, ...times, code: "UserError", message: "exit code 1", exitCode: 1 } : { status, ...times };
    this.onChange(job);
  }
}

export function hasEnded({ state }: Job): boolean {
  return state.status === "completed" || state.status === "failed" || state.status === "canceled";
}
