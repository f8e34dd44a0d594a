import { expect, test } from "vitest";
import { aGraph } from "../support/graphs.ts";
import { RunRig } from "../support/run-rig.ts";

test("token of a step run: is good for 30 days from the step's beginning", async () => {
  await using rig = await RunRig.open();
  const runId = await rig.submit(aGraph({ a: [] }));
  await rig.ended(runId);

  const stepRun = (await rig.runs.stepRun(await rig.stepRunId(runId, "a")))?.value;

  expect(Date.parse(stepRun?.tokenExpiresAt ?? "") - Date.parse(stepRun?.createdAt ?? "")).toBe(30 * 24 * 60 * 60 * 1000);
});
