import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isAlive, mountedAt, TestWorkspace, until } from "./workspace.ts";

let workspace: TestWorkspace;
beforeEach(async () => {
  workspace = new TestWorkspace({ cancelGraceMilliseconds: 150, preemptionGraceMilliseconds: 150 });
  await workspace.start();
  await workspace.prepare({
    // Leaves its session, its parent and, so far as it can, its traces.
    "daemon.py": [
      "import os, sys, time",
      "if os.fork(): os._exit(0)",
      "os.setsid()",
      "if os.fork(): os._exit(0)",
      "open(sys.argv[1], 'w').write(str(os.getpid()) + '\\n')",
      "time.sleep(600)",
    ].join("\n"),
  });
});
afterEach(() => workspace.dispose());

const outputs = { o: mountedAt("work") };

/** The process id that a job wrote into its output, once it is there. */
async function pidIn(file: string): Promise<number> {
  const path = join(workspace.folders.blobs, "work", file);
  await until(() => existsSync(path) && readFileSync(path, "utf8").endsWith("\n"));
  return Number(readFileSync(path, "utf8"));
}

async function cancel(job: string) {
  return workspace.arm("POST", `/jobs/${job}/cancel`);
}

describe("cancel", () => {
  test("ends a job with all its children", async () => {
    await workspace.putJob("family", { command: 'sleep 600 & echo $! > "$AZURE_ML_OUTPUT_o/child"; sleep 600', outputs });
    const child = await pidIn("child");

    const answer = await cancel("family");
    await workspace.ended("family");

    expect(answer.status).toBe(202);
    expect(answer.headers).toMatchObject({ location: expect.stringContaining("/jobs/family?"), "retry-after": expect.anything() });
    expect(workspace.told("family").slice(-2)).toEqual(["CancelRequested", "Canceled"]);
    expect(await isAlive(child)).toBe(false);
  });

  test("lets a script tidy up before it ends", async () => {
    const command = "trap 'echo tidied; exit 0' TERM; echo $$ > \"$AZURE_ML_OUTPUT_o/pid\"; while :; do sleep 0.01; done";
    await workspace.putJob("polite", { command: `sh -c '${command.replaceAll("'", "'\\''")}'`, outputs });
    await pidIn("pid");

    await cancel("polite");
    await workspace.ended("polite");

    expect(workspace.folders.log("polite")).toContain("tidied\n");
    expect(await workspace.status("polite")).toBe("Canceled");
  });

  test("kills what ignores it", async () => {
    await workspace.putJob("stubborn", {
      command: `sh -c 'trap "" TERM; echo $$ > "$AZURE_ML_OUTPUT_o/pid"; while :; do sleep 0.01; done'`,
      outputs,
    });
    const pid = await pidIn("pid");

    await cancel("stubborn");
    await workspace.ended("stubborn");

    expect(await isAlive(pid)).toBe(false);
  });

  test("finds daemons", async () => {
    const codeId = `${(await workspace.arm("GET", "/codes/snapshot/versions/1")).body.id}`;
    await workspace.putJob("daemon", { codeId, command: 'python daemon.py "$AZURE_ML_OUTPUT_o/daemon"; sleep 600', outputs });
    const daemon = await pidIn("daemon");

    await cancel("daemon");
    await workspace.ended("daemon");

    expect(await isAlive(daemon)).toBe(false);
  });

  test("ends a job that waits for a node, and the next may come before it", async () => {
    await workspace.putCluster(1);
    await workspace.putJob("first", { command: "sleep 600" });
    await workspace.putJob("second", {});
    await workspace.putJob("third", {});
    await workspace.became("first", "Running");

    await cancel("second");
    await workspace.ended("second");
    await cancel("first");
    await workspace.ended("third");

    expect(await workspace.status("third")).toBe("Completed");
    expect(existsSync(workspace.folders.artifact("second", ""))).toBe(false);
  });

  test("of a job that has ended is refused, of one being canceled it is taken again", async () => {
    await workspace.run("done", {});
    await workspace.putJob("going", {
      command: `sh -c 'trap "" TERM; echo $$ > "$AZURE_ML_OUTPUT_o/pid"; while :; do sleep 0.01; done'`,
      outputs,
    });
    await pidIn("pid");

    const late = await cancel("done");
    const answers = [await cancel("going"), await cancel("going")];
    await workspace.ended("going");

    expect(late).toMatchObject({ status: 400, body: { error: { message: expect.stringContaining("is Completed and can no longer") } } });
    expect(answers.map((answer) => answer.status)).toEqual([202, 202]);
    expect((await cancel("unknown")).status).toBe(404);
  });
});

describe("what a job leaves running", () => {
  test("ends soon after it", async () => {
    const codeId = `${(await workspace.arm("GET", "/codes/snapshot/versions/1")).body.id}`;
    const details = await workspace.run("leaves", {
      codeId,
      command: 'python daemon.py "$AZURE_ML_OUTPUT_o/daemon"; until [ -s "$AZURE_ML_OUTPUT_o/daemon" ]; do sleep 0.01; done',
      outputs,
    });
    const daemon = await pidIn("daemon");

    await until(async () => !(await isAlive(daemon)));

    expect(details.status).toBe("Completed");
  });
});

describe("limits.timeout", () => {
  test("cancels a job that runs too long, and says so", async () => {
    const details = await workspace.run("slow", { command: "sleep 600", limits: { jobLimitsType: "Command", timeout: "PT1S" } });

    expect(details).toMatchObject({ status: "Canceled", error: { error: { message: expect.stringContaining("limits.timeout") } } });
  });
});

describe("a cluster", () => {
  test("runs as many jobs at once as it has nodes, in their order", async () => {
    await workspace.putCluster(2);
    const command =
      'echo $AZUREML_RUN_ID >> "$AZURE_ML_OUTPUT_o/order"; until [ -e "$AZURE_ML_OUTPUT_o/$AZUREML_RUN_ID.go" ]; do sleep 0.01; done';
    const order = () => readFileSync(join(workspace.folders.blobs, "work/order"), "utf8").trim().split("\n");
    for (const name of ["one", "two", "three", "four"]) await workspace.putJob(name, { command, outputs });
    await until(() => existsSync(join(workspace.folders.blobs, "work/order")) && order().length === 2);

    const waiting = await Promise.all(["three", "four"].map((name) => workspace.status(name)));
    const compute = await workspace.arm("GET", "/computes/cpu-cluster");
    for (const name of ["two", "three", "one", "four"]) {
      workspace.folders.write(`work/${name}.go`, "");
      await workspace.ended(name);
    }

    expect(waiting).toEqual(["Queued", "Queued"]);
    expect(compute.body.properties.properties.nodeStateCounts.runningNodeCount).toBe(2);
    expect(order().slice(0, 2).toSorted()).toEqual(["one", "two"]);
    expect(order().slice(2)).toEqual(["three", "four"]);
  });

  test("that grows starts what waits", async () => {
    await workspace.putCluster(0);
    await workspace.putJob("waits", {});
    await workspace.became("waits", "Queued");

    await workspace.putCluster(1);
    await workspace.ended("waits");

    expect(await workspace.status("waits")).toBe("Completed");
  });
});

describe("a stop", () => {
  const command = 'echo $$ >> "$AZURE_ML_OUTPUT_o/starts"; [ -e "$AZURE_ML_OUTPUT_o/go" ] || sleep 600';
  const starts = () => readFileSync(join(workspace.folders.blobs, "work/starts"), "utf8").trim().split("\n");

  test("that pre-empts ends the job, and it runs again at the next start", async () => {
    await workspace.putJob("again", { command: `sh -c '${command}'`, outputs });
    const pid = await pidIn("starts");
    const begin = performance.now();

    await workspace.stop(true);
    const took = performance.now() - begin;
    const aliveBetween = await isAlive(pid);
    workspace.folders.write("work/go", "");
    await workspace.start();
    await workspace.ended("again");

    expect(took).toBeLessThan(1_500);
    expect(aliveBetween).toBe(false);
    expect(starts()).toHaveLength(2);
    expect(workspace.told("again").at(-1)).toBe("Completed");
  });

  test("that pre-empts takes no longer for a script that will not go", async () => {
    await workspace.putJob("stubborn", {
      command: `sh -c 'trap "" TERM; echo $$ > "$AZURE_ML_OUTPUT_o/pid"; while :; do sleep 0.01; done'`,
      outputs,
    });
    const pid = await pidIn("pid");
    const begin = performance.now();

    await workspace.stop(true);

    expect(performance.now() - begin).toBeLessThan(1_500);
    expect(await isAlive(pid)).toBe(false);
  });

  test("that does not pre-empt leaves the job running, and the next start takes it over", async () => {
    await workspace.putJob("goes-on", { command: `sh -c '${command}'`, outputs });
    const pid = await pidIn("starts");

    await workspace.stop(false);
    const aliveBetween = await isAlive(pid);
    await workspace.start();
    await cancel("goes-on");
    await workspace.ended("goes-on");

    expect(aliveBetween).toBe(true);
    expect(await isAlive(pid)).toBe(false);
    expect(starts()).toHaveLength(1);
  });

  test("lets a second server have the state folder, which it may not before", async () => {
    const second = new TestWorkspace();

    await expect(second.start(workspace.folders.options())).rejects.toThrow("is in use by another server");

    await workspace.stop();
    await second.start(workspace.folders.options());
    await second.dispose();
  });
});
