import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MARKER_VARIABLE } from "../../../../local/clouds/azureml/jobs/job-environment.ts";
import { ProcessTree } from "../../../../local/clouds/azureml/jobs/process-tree.ts";
import { until } from "../../../support/workspace.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "penstock-tree-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("ProcessTree", () => {
  test("tells a process that appears after the first look to end, and does not wait for the kill", async () => {
    const marker = crypto.randomUUID();
    const late = `trap 'touch ${folder}/told; exit' TERM; touch ${folder}/late; while :; do sleep 0.02; done`;
    const script = `trap 'sh -c "$LATE" & wait' TERM; touch ${folder}/ready; while :; do sleep 0.02; done`;
    const child = spawn("/bin/sh", ["-c", script], { env: { ...process.env, [MARKER_VARIABLE]: marker, LATE: late }, stdio: "ignore" });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    await until(() => existsSync(join(folder, "ready")) || undefined, "the process to be ready");
    const tree = new ProcessTree(marker);

    // The first process starts another one when it is told to end, and waits for it: without a word to that one, only the kill would end it.
    const left = tree.end(60_000);
    await until(() => existsSync(join(folder, "told")) || undefined, "the late process to be told");
    tree.hasten(0);

    expect(await left).toBe(0);
    await ended;
  });
});
