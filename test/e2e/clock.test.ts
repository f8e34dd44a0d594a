import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { submitFile } from "../../sdk/submit.ts";
import { getRun, listSteps } from "../../shared/api/routes/runs.ts";
import type { RunId } from "../../shared/domain/ids.ts";
import { shiftedClock } from "../support/shifted-clock.ts";
import { aPipelineFile, aStateFolder, removeFolder, startWorkspace, type TestWorkspace, until } from "../support/workspace.ts";

const HOUR_MS = 3_600_000;
let folder = "";
let workspace: TestWorkspace | undefined;
afterEach(async () => {
  if (workspace?.process.exitCode === null) await workspace.end();
  await removeFolder(folder);
});

async function statusOf({ client }: TestWorkspace, runId: RunId): Promise<string | undefined> {
  return (await client.call(getRun, { params: { runId } }).catch(() => undefined))?.body.status;
}
async function completed(of: TestWorkspace, runId: RunId): Promise<void> {
  await until(async () => (await statusOf(of, runId)) === "Completed" || undefined, "the run to complete", 60);
}

describe.each([
  ["forward", HOUR_MS],
  ["back", -HOUR_MS],
])("a clock that jumps %s by an hour", (_, jumpMs) => {
  test("while a run goes on changes nothing but the times that are shown", async () => {
    folder = await aStateFolder();
    const files = join(folder, "files");
    await mkdir(files);
    const clock = shiftedClock(files);
    const [started, go] = [join(files, "started"), join(files, "go")];
    const running = await startWorkspace(join(folder, "state"), ["--no-sample"], clock.env);
    workspace = running;
    const steps = {
      waits: { command: `touch ${started}; while [ ! -e ${go} ]; do sleep 0.05; done` },
      follows: { command: "sleep 0.1", after: ["waits"] },
    };
    const { run } = await submitFile(running.client, await aPipelineFile(files, steps));
    await until(() => existsSync(started) || undefined, "the step to start");

    clock.jump(jumpMs);
    // The client's token is of another time now; within 15 s there is a new one.
    await until(() => statusOf(running, run.id), "the workspace to answer", 30);
    await writeFile(go, "");
    await completed(running, run.id);
    const { run: next } = await submitFile(running.client, await aPipelineFile(files, { later: { command: "true" } }, "next.yml"));
    await completed(running, next.id);

    const { body } = await running.client.call(listSteps, { params: { runId: run.id } });
    expect(body.steps.map(({ key, status, attempt }) => [key, status, attempt])).toEqual([
      ["waits", "Completed", 1],
      ["follows", "Completed", 1],
    ]);
    expect(Math.abs(Date.parse(next.createdAt) - Date.now() - jumpMs)).toBeLessThan(60_000);
  }, 150_000);

  test("while nothing runs does not keep a run from going on", async () => {
    folder = await aStateFolder();
    const files = join(folder, "files");
    await mkdir(files);
    const clock = shiftedClock(files);
    const [started, go] = [join(files, "started"), join(files, "go")];
    const first = await startWorkspace(join(folder, "state"), ["--no-sample"], clock.env);
    workspace = first;
    const command = `touch ${started}; while [ ! -e ${go} ]; do sleep 0.05; done`;
    const { run } = await submitFile(
      first.client,
      await aPipelineFile(files, { waits: { command }, follows: { command: "true", after: ["waits"] } }),
    );
    await until(() => existsSync(started) || undefined, "the step to start");

    await first.end("SIGKILL");
    clock.jump(jumpMs);
    const second = await startWorkspace(join(folder, "state"), ["--no-sample"], clock.env);
    workspace = second;
    await writeFile(go, "");

    await completed(second, run.id);
    expect(await statusOf(second, run.id)).toBe("Completed");
  }, 150_000);
});
