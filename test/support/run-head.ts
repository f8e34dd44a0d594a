import { RunHead } from "../../shared/domain/run-documents.ts";
import { anId } from "./graphs.ts";

/** The head of a run that was submitted and has not begun. */
export function aHead(n: number, more: Partial<RunHead> = {}): RunHead {
  return RunHead.parse({
    id: anId(n),
    experimentName: "e",
    displayName: "d",
    status: "NotStarted",
    settled: false,
    createdAt: "2026-01-01T00:00:00.000Z",
    createdBy: { objectId: "o", tenantId: "t" },
    continueOnStepFailure: false,
    stepCount: 1,
    parameters: {},
    tags: {},
    properties: {},
    warnings: [],
    ...more,
  });
}
