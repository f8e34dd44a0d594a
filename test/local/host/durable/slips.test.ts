import { describe, expect, test } from "vitest";
import { TestHost } from "./support/test-host.ts";

const ECHO = (value: unknown) => ({ do: "echo", value });

describe("an orchestrator that changes between two turns", () => {
  test("fails with DurableTask's words when it wants another kind of thing", async () => {
    await using host = await TestHost.open();
    await host.start("changes", { first: ECHO(1), later: { do: "timer", ms: 10 } }, "other-kind");

    const { runtimeStatus, output } = await host.ending("other-kind");

    expect(runtimeStatus).toBe("Failed");
    expect(output).toBe(
      "Non-Deterministic workflow detected: A previous execution of this orchestration scheduled an activity task with sequence number 0 named 'echo', " +
        "but the current orchestration replay instead produced a CreateTimerOrchestratorAction action with this sequence number. " +
        "Was a change made to the orchestrator code after this instance had already started running?",
    );
  });

  test("goes unnoticed in Azure when only an input changed, so it is logged here", async () => {
    await using host = await TestHost.open();
    await host.start("changes", { first: ECHO(1), later: ECHO(2) }, "other-input");

    const { runtimeStatus } = await host.ending("other-input");

    expect(runtimeStatus).toBe("Completed");
    expect(host.errors).toContainEqual(
      expect.stringContaining("scheduled task 0 ('echo') with another input or time than when it first ran"),
    );
  });

  test("is found out after a restart too", async () => {
    let folder = "";
    {
      await using host = await TestHost.open({ failOnSlips: true });
      await host.start("changes", { first: { do: "slow", ms: 1000 }, later: { do: "slow", ms: 2000 } }, "found-later");
      await host.pass(0);
      folder = host.copy();
    }

    await using after = await TestHost.open({ from: folder, failOnSlips: true });

    expect(await after.ending("found-later")).toMatchObject({
      runtimeStatus: "Failed",
      output: expect.stringContaining("with another input"),
    });
  });

  test("may cancel a timer: that is no change", async () => {
    await using host = await TestHost.open({ failOnSlips: true });
    await host.start("program", { steps: [{ do: "race", name: "go", ms: 1000 }, { do: "race", name: "go", ms: 2000 }, ECHO(1)] });
    await host.pass(0);
    await host.raise("run", "go");
    await host.pass(0);

    await host.raise("run", "go");

    expect(await host.ending()).toMatchObject({ runtimeStatus: "Completed", output: ["event", "event", 1] });
  });
});

describe("what stays Running for ever in Azure", () => {
  test.each([
    ["callsNobody", "calls 'nobody', which is no registered activity function"],
    ["throwsText", "threw something that is no Error with a text"],
  ])("%s stays so here, and is logged", async (name, text) => {
    await using host = await TestHost.open();
    await host.start(name, null);

    await host.pass(60_000);

    expect(await host.status()).toMatchObject({ runtimeStatus: "Running", output: null });
    expect(host.errors.join("\n")).toContain(text);
  });

  test.each(["callsNobody", "throwsText"])("%s fails where slips are failures", async (name) => {
    await using host = await TestHost.open({ failOnSlips: true });
    await host.start(name, null);

    expect(await host.ending()).toMatchObject({ runtimeStatus: "Failed" });
  });
});

describe("a Task.any over a task already scheduled", () => {
  test("schedules it a second time, as the real one does", async () => {
    await using host = await TestHost.open();
    await host.start("twiceInAny", null);

    await host.ending();

    expect(host.observed.activities.map((a) => a.input)).toEqual([
      '{"ms":10,"value":"a"}',
      '{"ms":500,"value":"b"}',
      '{"ms":500,"value":"b"}',
    ]);
  });
});
