import { expect, test } from "vitest";
import { PlainLines } from "../../cli/plain-lines.ts";
import { terminalOf } from "../../cli/terminal.ts";
import type { StepList, StepResource } from "../../shared/api/resources.ts";

function show(...steps: Partial<StepResource>[]): string[] {
  const lines: string[] = [];
  const view = new PlainLines(terminalOf({ write: (text: string) => lines.push(text) > 0, isTTY: false }, {}));
  for (const step of steps) view.show({ steps: [{ key: "train", attempt: 1, dependsOn: [], ...step }] } as unknown as StepList);
  return lines.map((line) => line.replace(/^\d\d:\d\d:\d\d /, ""));
}

test("a step gets one line for each status, and none while it stays", () => {
  expect(show({ status: "NotStarted" }, { status: "Queued" }, { status: "Queued" }, { status: "Running" })).toEqual([
    "train queued\n",
    "train running\n",
  ]);
});

test("a reused step names the run whose results it has", () => {
  const reusedFrom = { runId: "r1", stepRunId: "s1" } as unknown as NonNullable<StepResource["reusedFrom"]>;

  expect(show({ status: "Completed", startedAt: "2026-11-24T12:00:00Z", endedAt: "2026-11-24T12:00:00Z", reusedFrom })).toEqual([
    "train reused, with the results of run r1\n",
  ]);
});

test("a step that failed before it started has its cause in one line and no time", () => {
  const failure = { code: "ImageBuildFailure", cause: "it could not be built: no such package\nThe log ends:\nERROR: no such package" };

  expect(show({ status: "Failed", endedAt: "2026-11-24T12:00:00Z", failure })).toEqual([
    "train failed: it could not be built: no such package\n",
  ]);
});
