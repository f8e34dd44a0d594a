import type { StepList } from "../shared/api/resources.ts";
import type { StepStatus } from "../shared/domain/statuses.ts";
import { formatClock } from "./format.ts";
import { causeOf, lookOf, spanOf } from "./step-line.ts";
import type { Terminal } from "./terminal.ts";
import { harmless } from "./text-width.ts";

/** The same as a live table for files, pipes and CI: one line for each step whose status changed. */
export class PlainLines {
  private readonly out: Terminal;
  private readonly shown = new Map<string, StepStatus>();

  constructor(out: Terminal) {
    this.out = out;
  }

  show({ steps }: StepList): void {
    for (const step of steps) {
      const before = this.shown.get(step.key) ?? "NotStarted";
      if (before === step.status) continue;
      this.shown.set(step.key, step.status);
      if (step.reusedFrom) {
        this.out.line(`${formatClock(new Date())} ${harmless(step.key)} reused, with the results of run ${step.reusedFrom.runId}`);
        continue;
      }
      const span = step.endedAt === undefined ? "" : spanOf(step, Date.now());
      const cause = step.failure === undefined ? "" : `: ${harmless(causeOf(step.failure))}`;
      this.out.line(`${formatClock(new Date())} ${harmless(step.key)} ${lookOf(step.status).word}${span && ` after ${span}`}${cause}`);
    }
  }

  close(): void {}
}
