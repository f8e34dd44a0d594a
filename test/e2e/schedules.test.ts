import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { publishPipeline } from "../../shared/api/routes/published-pipelines.ts";
import { getLog } from "../../shared/api/routes/run-content.ts";
import { getRun, listSteps } from "../../shared/api/routes/runs.ts";
import { createSchedule, disableSchedule, getSchedule, listTicks, testSchedule } from "../../shared/api/routes/schedules.ts";
import type { RunId } from "../../shared/domain/ids.ts";
import type { PipelineId } from "../../shared/domain/published-pipeline.ts";
import type { ScheduleId } from "../../shared/domain/schedules/schedule.ts";
import { aStateFolder, removeFolder, startWorkspace, type TestWorkspace, until } from "../support/workspace.ts";

let workspace: TestWorkspace;
let pipelineId: PipelineId;
let folder: string;
beforeAll(async () => {
  workspace = await startWorkspace(await aStateFolder());
  folder = join(workspace.stateFolder, "datastores/workspaceblobstore/in");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "before.csv"), "before\n");
  const before = { datastore: "workspaceblobstore", path: "in/before.csv" };
  const graph = {
    parameters: { file: { type: "datapath" as const, default: before } },
    steps: [
      {
        key: "read",
        type: "CommandStep" as const,
        command: ["cat", { input: "file" }],
        inputs: { file: { source: { parameter: "file" } } },
      },
    ],
  };
  pipelineId = (await workspace.client.call(publishPipeline, { body: { name: "reads a file", pipeline: graph } })).body.id;
}, 30_000);
afterAll(async () => {
  await workspace?.end();
  await removeFolder(workspace.stateFolder);
});

/** What the run's step printed, once it has ended. */
async function printed(runId: RunId): Promise<string> {
  const { client } = workspace;
  const ended = await until(async () => {
    const { body } = await client.call(getRun, { params: { runId } });
    return body.endedAt === undefined ? undefined : body;
  }, "the run to end");
  expect(ended, JSON.stringify(ended.failure)).toMatchObject({ status: "Completed", runSource: "Schedule" });
  const [step] = (await client.call(listSteps, { params: { runId } })).body.steps;
  const log = await client.call(getLog, { params: { runId: step?.runId ?? runId }, query: { path: "user_logs/std_log.txt" } });
  return Buffer.from(log.body).toString().trim();
}

async function firstTick(scheduleId: ScheduleId) {
  return await until(async () => {
    const [tick] = (await workspace.client.call(listTicks, { params: { scheduleId }, query: {} })).body.ticks;
    return tick?.status === "Started" ? tick : undefined;
  }, "the tick");
}

test("a recurrence without a start time has its first run at once, and a test tick another", async () => {
  const { client } = workspace;
  const { body: schedule } = await client.call(createSchedule, {
    body: { name: "daily", pipelineId, experimentName: "e2e", trigger: { kind: "recurrence", frequency: "Day" } },
  });
  const params = { scheduleId: schedule.id };

  const atOnce = await firstTick(schedule.id);
  const tested = await client.call(testSchedule, { params, query: {}, headers: {} });
  await client.call(disableSchedule, { params });

  expect(await printed(atOnce.runId as RunId)).toContain("before");
  expect(await printed(tested.body.runId as RunId)).toContain("before");
  expect((await client.call(getSchedule, { params })).body).toMatchObject({
    status: "Disabled",
    lastTick: { kind: "test" },
    lastRun: { runId: tested.body.runId, status: "Completed" },
    nextTicks: [],
  });
}, 60_000);

test("a file that is dropped into a watched folder is given to a run, once", async () => {
  const { client } = workspace;
  const { body: schedule } = await client.call(createSchedule, {
    body: {
      name: "drops",
      pipelineId,
      experimentName: "e2e",
      trigger: { kind: "blobChange", datastore: "workspaceblobstore", path: "in", dataPathParameterName: "file" },
    },
  });

  await writeFile(join(folder, "dropped.csv"), "dropped\n");

  const tick = await firstTick(schedule.id);
  expect(tick).toMatchObject({ kind: "blob", blob: { datastore: "workspaceblobstore", path: "in/dropped.csv" } });
  expect(await printed(tick.runId as RunId)).toContain("dropped");
  const { ticks } = (await client.call(listTicks, { params: { scheduleId: schedule.id }, query: {} })).body;
  expect(ticks).toHaveLength(1);
}, 60_000);
