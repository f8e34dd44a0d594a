import type { StepResource } from "../shared/api/resources.ts";
import type { Failure } from "../shared/domain/run-documents.ts";
import type { StepStatus } from "../shared/domain/statuses.ts";
import { formatSpan } from "./format.ts";
import type { Colors } from "./terminal.ts";

interface Look {
  readonly symbol: string;
  readonly word: string;
  readonly paint: keyof Pick<Colors, "dim" | "green" | "red" | "yellow" | "cyan">;
}

const LOOKS: Readonly<Record<StepStatus, Look>> = {
  NotStarted: { symbol: "○", word: "waiting", paint: "dim" },
  Queued: { symbol: "◌", word: "queued", paint: "dim" },
  Preparing: { symbol: "◔", word: "preparing", paint: "cyan" },
  Running: { symbol: "●", word: "running", paint: "cyan" },
  Finalizing: { symbol: "◕", word: "finalizing", paint: "cyan" },
  CancelRequested: { symbol: "◍", word: "canceling", paint: "yellow" },
  Completed: { symbol: "✔", word: "completed", paint: "green" },
  Failed: { symbol: "✖", word: "failed", paint: "red" },
  Canceled: { symbol: "■", word: "canceled", paint: "yellow" },
  Skipped: { symbol: "–", word: "skipped", paint: "dim" },
};

/** What a status is called and how it is drawn. */
export function lookOf(status: StepStatus): Look {
  return LOOKS[status];
}

/** What is worth saying of a step beside its status: what it waits for, or why it did not complete. */
export function remarkOf(step: StepResource, byKey: ReadonlyMap<string, StepResource>): string {
  if (step.status === "Failed") return causeOf(step.failure);
  if (step.reusedFrom) return `results of run ${step.reusedFrom.runId}`;
  if (step.status !== "NotStarted") return step.attempt > 1 ? `attempt ${step.attempt}` : "";
  const waited = step.dependsOn.filter((key) => byKey.get(key)?.status !== "Completed");
  if (waited.length === 0) return "";
  return `for ${waited.slice(0, 3).join(", ")}${waited.length > 3 ? ` and ${waited.length - 3} more` : ""}`;
}

/** Why something failed, in one line: what a service says below that is the end of a log, which can be read itself. */
export function causeOf(failure: Pick<Failure, "cause"> | undefined): string {
  return failure?.cause.split("\n", 1)[0] ?? "";
}

/** How long a step has run. */
export function spanOf(step: StepResource, now: number): string {
  return formatSpan(step.startedAt, step.endedAt, now);
}
