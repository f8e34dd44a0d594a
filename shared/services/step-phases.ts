import type { StepStatus } from "../domain/statuses.ts";

/** Where a started step stands right now and since when (milliseconds since the epoch). */
export interface StepPhase {
  status: StepStatus;
  since: number;
  /** Counts from 1. */
  attempt: number;
}

/**
 * What this process last heard of started steps. It is a view and no truth: steps that another process heard of are asked
 * of their orchestration's custom status. Nothing is stored between a step's begin and its end.
 */
export class StepPhases {
  readonly #phases = new Map<string, StepPhase>();

  get(stepRunId: string): StepPhase | undefined {
    return this.#phases.get(stepRunId);
  }
  /** @returns whether this is news. */
  set(stepRunId: string, status: StepStatus, now: number, attempt: number): boolean {
    const known = this.#phases.get(stepRunId);
    if (known?.status === status && known.attempt === attempt) return false;
    this.#phases.set(stepRunId, { status, since: now, attempt });
    return true;
  }
  delete(stepRunId: string): void {
    this.#phases.delete(stepRunId);
  }
}
