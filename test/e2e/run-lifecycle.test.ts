import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { submitFile } from "../../sdk/submit.ts";
import { cancelRun, getRun, listRuns, listSteps } from "../../shared/api/routes/runs.ts";
import type { RunId } from "../../shared/domain/ids.ts";
import { aPipelineFile, aStateFolder, removeFolder, startWorkspace, type TestWorkspace, until } from "../support/workspace.ts";

let workspace: TestWorkspace;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "penstock-pipelines-"));
  workspace = await startWorkspace(await aStateFolder());
}, 30_000);
afterAll(async () => {
  await workspace?.end();
  await removeFolder(workspace.stateFolder);
  await removeFolder(folder);
});

async function submit(steps: Parameters<typeof aPipelineFile>[1], options: Parameters<typeof submitFile>[2] = {}): Promise<RunId> {
  const file = await aPipelineFile(folder, steps, `${crypto.randomUUID()}.yml`);
  return (await submitFile(workspace.client, file, options)).run.id;
}
async function settled(runId: RunId) {
  return await until(async () => {
    const { body } = await workspace.client.call(getRun, { params: { runId } });
    return ["Completed", "Failed", "Canceled"].includes(body.status) ? body : undefined;
  }, "the run to settle");
}
async function statuses(runId: RunId) {
  const { body } = await workspace.client.call(listSteps, { params: { runId } });
  return Object.fromEntries(body.steps.map((step) => [step.key, step.status]));
}
const gate = () => join(folder, `gate-${crypto.randomUUID()}`);

describe("a pipeline run", () => {
  test("runs unrelated steps in parallel and others in their order", async () => {
    const [left, right] = [gate(), gate()];

    // Each branch waits for a file that only the other one writes: one after the other, they would never end.
    const runId = await submit({
      a: { command: `touch ${left}; while [ ! -e ${right} ]; do sleep 0.02; done` },
      b: { command: `touch ${right}; while [ ! -e ${left} ]; do sleep 0.02; done` },
      c: { command: `test -e ${left} && test -e ${right}`, after: ["a", "b"] },
    });

    expect((await settled(runId)).status).toBe("Completed");
    expect(await statuses(runId)).toEqual({ a: "Completed", b: "Completed", c: "Completed" });
  });

  test("stops at the first failure: what runs is canceled, what never ran is skipped, and the cause is told", async () => {
    const started = gate();

    const runId = await submit({
      slow: { command: `touch ${started}; sleep 60` },
      bad: { command: `while [ ! -e ${started} ]; do sleep 0.02; done; echo oh no; exit 7` },
      after: { command: "true", after: ["bad"] },
      last: { command: "true", after: ["slow"] },
    });
    const run = await settled(runId);

    expect(run.status).toBe("Failed");
    expect(run.failure).toMatchObject({ step: "bad", exitCode: 7 });
    expect(await statuses(runId)).toEqual({ slow: "Canceled", bad: "Failed", after: "Skipped", last: "Skipped" });
  });

  test("goes on past a failure when asked to, and skips only what waits for it", async () => {
    const runId = await submit(
      { bad: { command: "exit 1" }, behind: { command: "true", after: ["bad"] }, other: { command: "true" } },
      { continueOnStepFailure: true },
    );

    expect((await settled(runId)).status).toBe("Failed");
    expect(await statuses(runId)).toEqual({ bad: "Failed", behind: "Skipped", other: "Completed" });
  });

  test("is canceled while steps run, and no later step starts", async () => {
    const [started, later] = [gate(), gate()];
    const runId = await submit({ slow: { command: `touch ${started}; sleep 60` }, later: { command: `touch ${later}`, after: ["slow"] } });
    await until(() => existsSync(started) || undefined, "the step to start");

    const { status } = await workspace.client.call(cancelRun, { params: { runId } });
    const run = await settled(runId);

    expect(status).toBe(202);
    expect(run.status).toBe("Canceled");
    expect(await statuses(runId)).toEqual({ slow: "Canceled", later: "Canceled" });
    expect(existsSync(later)).toBe(false);
  });

  test("is canceled right after the submit", async () => {
    const runId = await submit({ only: { command: "sleep 60" } });

    await workspace.client.call(cancelRun, { params: { runId } });

    expect((await settled(runId)).status).toBe("Canceled");
  });

  test("canceling twice is fine, canceling an ended run is a conflict", async () => {
    const started = gate();
    const runId = await submit({ slow: { command: `touch ${started}; sleep 60` } });
    await until(() => existsSync(started) || undefined, "the step to start");

    await workspace.client.call(cancelRun, { params: { runId } });
    await workspace.client.call(cancelRun, { params: { runId } }).catch((error: { status: number }) => expect(error.status).toBe(409));
    await settled(runId);

    await expect(workspace.client.call(cancelRun, { params: { runId } })).rejects.toMatchObject({ status: 409 });
  });

  test("a step that ignores TERM and leaves a daemon behind is ended all the same", async () => {
    const started = gate();
    const runId = await submit({
      stubborn: { command: `trap '' TERM; (setsid sh -c 'trap "" TERM; sleep 61' &) ; touch ${started}; sleep 61; sleep 61` },
    });
    await until(() => existsSync(started) || undefined, "the step to start");

    await workspace.client.call(cancelRun, { params: { runId } });

    expect((await settled(runId)).status).toBe("Canceled");
  }, 40_000);

  test("runs a chain of 25 and a fan of 25 with a join, each step once", async () => {
    const log = gate();
    const chain = Object.fromEntries(
      Array.from({ length: 25 }, (_, i) => [`c${i}`, { command: `echo c${i} >> ${log}`, ...(i > 0 && { after: [`c${i - 1}`] }) }]),
    );
    const fan = Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`f${i}`, { command: `echo f${i} >> ${log}`, after: ["c0"] }]));

    const runId = await submit({ ...chain, ...fan, join: { command: `echo join >> ${log}`, after: [...Object.keys(fan), "c24"] } });

    expect((await settled(runId)).status).toBe("Completed");
    const lines = readFileSync(log, "utf8").trim().split("\n");
    expect(lines).toHaveLength(51);
    expect(new Set(lines).size).toBe(51);
    expect(lines.filter((line) => line.startsWith("c"))).toEqual(Array.from({ length: 25 }, (_, i) => `c${i}`));
    expect(lines.at(-1)).toBe("join");
  }, 60_000);

  test("is found in the list, newest first, by experiment and by status", async () => {
    const first = await submit({ a: { command: "true" } }, { experiment: "listed" });
    const second = await submit({ a: { command: "exit 1" } }, { experiment: "listed" });
    await Promise.all([settled(first), settled(second)]);

    const all = await workspace.client.call(listRuns, { query: { experimentName: "listed" } });
    const failed = await workspace.client.call(listRuns, { query: { experimentName: "listed", status: "Failed" } });
    const page = await workspace.client.call(listRuns, { query: { experimentName: "listed", limit: 1 } });
    const rest = await workspace.client.call(listRuns, { query: { experimentName: "listed", limit: 1, cursor: page.body.cursor } });

    expect(all.body.runs.map((run) => run.id)).toEqual([second, first]);
    expect(failed.body.runs.map((run) => run.id)).toEqual([second]);
    expect([page, rest].flatMap(({ body }) => body.runs.map((run) => run.id))).toEqual([second, first]);
  });
});

describe("a datastore", () => {
  test("tells the app of a file that was dropped into it", async () => {
    appendFileSync(join(workspace.stateFolder, "datastores", "workspaceblobstore", "dropped.csv"), "a,b\n1,2\n");

    const line = await until(
      () =>
        readFileSync(join(workspace.stateFolder, "logs", "host.log"), "utf8")
          .split("\n")
          .find((entry) => entry.includes('"path":"dropped.csv"')),
      "the event",
    );

    expect(line).toContain("a file came into a datastore");
  });
});
