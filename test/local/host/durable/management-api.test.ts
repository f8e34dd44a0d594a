import { describe, expect, test } from "vitest";
import { TestHost } from "./support/test-host.ts";

const WAITING = { steps: [{ do: "event", name: "go" }] };

describe("the management API", () => {
  test("keeps a suspended instance where it is and lets it go on when resumed", async () => {
    await using host = await TestHost.open();
    await host.start("program", {
      steps: [
        { do: "slow", ms: 100 },
        { do: "echo", value: "then" },
      ],
    });
    await host.pass(10);

    await host.call("POST", "/instances/run/suspend?reason=lunch");
    await host.pass(1000);
    const suspended = await host.status();
    const startedMeanwhile = host.observed.activities.length;
    await host.call("POST", "/instances/run/resume?reason=back");
    const resumed = await host.ending();

    expect(suspended).toMatchObject({ runtimeStatus: "Suspended", output: null });
    expect(startedMeanwhile).toBe(1);
    expect(resumed).toMatchObject({ runtimeStatus: "Completed", output: [100, "then"] });
  });

  test("lets a parent fail uncaught when its child is terminated", async () => {
    await using host = await TestHost.open();
    await host.start("childEnds", null);
    await host.pass(0);

    await host.call("POST", "/instances/run-child/terminate?reason=enough");
    const parent = await host.ending();

    expect(await host.status("run-child")).toMatchObject({ runtimeStatus: "Terminated", output: "enough" });
    expect(parent.runtimeStatus).toBe("Failed");
    expect(parent.output).toContain(
      "scheduled a sub-orchestration task with sequence ID 0 and name 'program' (version '', instance ID 'run-child'), but the current replay execution hasn't (yet?) scheduled this task",
    );
  });

  test("rewinds a failed instance with its failed child, calling again only what failed", async () => {
    await using host = await TestHost.open();
    await host.start("mends", null);
    const failed = await host.ending();
    const before = host.observed.activities.length;

    const { status } = await host.call("POST", "/instances/run/rewind?reason=mended");
    const mended = await host.ending();

    expect(failed.runtimeStatus).toBe("Failed");
    expect(status).toBe(202);
    expect(mended).toMatchObject({ runtimeStatus: "Completed", output: ["before", "run mended"] });
    expect(host.observed.activities.slice(before).map((a) => a.name)).toEqual(["failsOnce"]);
  });

  test("answers a start that waits with the output, and with the links when it took too long", async () => {
    await using host = await TestHost.open();

    const quick = host.call("POST", "/orchestrators/program/quick?timeout=5", { steps: [{ do: "slow", ms: 1000 }] });
    const slow = host.call("POST", "/orchestrators/program/slow?timeout=2", { steps: [{ do: "slow", ms: 3000 }] });
    await host.pass(10_000);

    expect(await quick).toMatchObject({ status: 200, json: [1000] });
    expect(await slow).toMatchObject({ status: 202, headers: { "retry-after": "10" }, json: { id: "slow" } });
  });

  test("pages through instances and purges the finished ones only", async () => {
    await using host = await TestHost.open();
    for (let i = 0; i < 5; i++) await host.start("program", { steps: [] }, `done-${i}`);
    await host.start("program", WAITING, "open");
    await host.pass(0);

    const first = await host.call("GET", "/instances?top=4");
    const token = first.headers?.["x-ms-continuation-token"] ?? "";
    const second = await host.call("GET", "/instances?top=4", undefined, { "x-ms-continuation-token": token });
    const purged = await host.call("DELETE", "/instances?createdTimeFrom=2026-01-01T00:00:00Z");
    const left = await host.call("GET", "/instances");

    expect([first, second].map((page) => (page.json as { instanceId: string }[]).map((row) => row.instanceId))).toEqual([
      ["done-0", "done-1", "done-2", "done-3"],
      ["done-4", "open"],
    ]);
    expect(second.headers?.["x-ms-continuation-token"]).toBe("");
    expect(purged.json).toEqual({ instancesDeleted: 5 });
    expect((left.json as unknown[]).length).toBe(1);
  });

  test("refuses to purge a running instance", async () => {
    await using host = await TestHost.open();
    await host.start("program", WAITING);
    await host.pass(0);

    expect((await host.call("DELETE", "/instances/run")).status).toBe(404);
    expect(await host.status()).toMatchObject({ runtimeStatus: "Running" });
  });

  test.each([
    ["POST", "/orchestrators/nobody", 400],
    ["POST", "/orchestrators", 404],
    ["POST", "/orchestrators/program/a/b", 404],
    ["GET", "/orchestrators/program", 404],
    ["GET", "/instances/nobody", 404],
    ["PATCH", "/instances/nobody", 404],
    ["GET", "/instances/%E0%A4%A", 400],
    ["POST", "/instances/nobody/raiseEvent", 404],
    ["POST", "/instances/nobody/raiseEvent/go/on", 404],
    ["GET", "/", 404],
  ])("answers %s %s with %i", async (method, path, status) => {
    await using host = await TestHost.open();

    expect((await host.call(method, path, 1)).status).toBe(status);
  });

  test("answers that an instance has ended to whoever still wants something of it", async () => {
    await using host = await TestHost.open();
    await host.start("program", { steps: [] });
    await host.ending();

    for (const verb of ["terminate", "suspend", "resume", "rewind", "raiseEvent/go"]) {
      expect((await host.call("POST", `/instances/run/${verb}`, 1)).status, verb).toBe(410);
    }
  });
});

describe("bad input", () => {
  test("a purge by a word that is no status purges nothing", async () => {
    await using host = await TestHost.open();
    await host.start("program", { steps: [] });
    await host.ending();

    const { status } = await host.call("DELETE", "/instances?createdTimeFrom=2026-01-01T00:00:00Z&runtimeStatus=Finished");

    expect(status).toBe(404);
    expect(await host.status()).toMatchObject({ runtimeStatus: "Completed" });
  });

  test("JSON nested 50,000 deep is refused and starts nothing", async () => {
    await using host = await TestHost.open();
    const deep = "[".repeat(50_000) + "]".repeat(50_000);

    const { status, json } = await host.callText("POST", "/orchestrators/program/deep", deep);

    expect(status).toBe(400);
    expect(json).toMatchObject({ Message: "Invalid JSON content", ExceptionMessage: "The JSON is nested too deeply." });
    expect((await host.call("GET", "/instances/deep")).status).toBe(404);
  });
});
