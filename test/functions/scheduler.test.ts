import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { busy } from "../support/run-rig.ts";
import { LATE_MS, MINUTE, ScheduledRig, START } from "../support/scheduled-rig.ts";

let scheduled: ScheduledRig;
beforeEach(async () => {
  scheduled = await ScheduledRig.open();
});
afterEach(() => scheduled[Symbol.asyncDispose]());

describe("the scheduler", () => {
  test("starts one run for each tick, at the first look after it is due, and says so", async () => {
    const id = await scheduled.schedule({ parameters: { word: "tick" } });

    await scheduled.pass(2 * MINUTE + 10_000);

    const ticks = await scheduled.ticks(id);
    expect(ticks).toEqual(
      [1, 2].map((minute) => ({
        key: new Date(START + minute * MINUTE).toISOString(),
        kind: "timer",
        due: new Date(START + minute * MINUTE).toISOString(),
        decidedAt: new Date(START + minute * MINUTE + LATE_MS).toISOString(),
        status: "Started",
        runId: expect.any(String),
        late: LATE_MS / 1000,
      })),
    );
    expect(await scheduled.runIds()).toEqual(ticks.map(({ runId }) => runId));
    const run = (await scheduled.api.get(`runs/${ticks[0]?.runId}`)).body;
    expect(run).toMatchObject({
      experimentName: "scheduled",
      displayName: "often",
      runSource: "Schedule",
      scheduleId: id,
      pipelineId: scheduled.pipelineId,
      createdBy: { objectId: "ada", tenantId: "tenant" },
      parameters: { word: { value: "tick", origin: "schedule" }, file: { origin: "default" } },
      status: "Completed",
    });
  });

  test("has the first run at once where a recurrence names no start time, and counts from there", async () => {
    await scheduled.rig.pass(25_500);
    const id = await scheduled.schedule({ trigger: { kind: "recurrence", frequency: "Minute", interval: 2 } });

    const atOnce = await scheduled.told(id);
    await scheduled.pass(4 * MINUTE);

    expect(atOnce).toEqual(["0.5 timer Started"]);
    expect(await scheduled.told(id)).toEqual(["0.5 timer Started", "2.5 timer Started", "4.5 timer Started"]);
  });

  test("starts one run however many look at once, and however often", async () => {
    const id = await scheduled.schedule();
    await scheduled.rig.pass(MINUTE);

    await Promise.all([1, 2, 3, 4].map(() => scheduled.rig.lookAtSchedules()));
    await scheduled.rig.lookAtSchedules();

    expect(await scheduled.told(id)).toEqual(["1 timer Started"]);
    expect(await scheduled.runIds()).toHaveLength(1);
  });

  test("runs the default version of an endpoint as it is at the time of the tick", async () => {
    const other = await scheduled.publish({ name: "other" });
    const endpoint = await scheduled.made("pipeline-endpoints", { name: "e", pipelineId: scheduled.pipelineId });
    await scheduled.schedule({ pipelineId: undefined, pipelineEndpointId: endpoint.id });

    await scheduled.pass(MINUTE);
    await scheduled.api.post(`pipeline-endpoints/${endpoint.id}/versions`, { pipelineId: other, setDefault: true });
    await scheduled.pass(MINUTE);

    const runs = await Promise.all((await scheduled.runIds()).map(async (id) => (await scheduled.api.get(`runs/${id}`)).body));
    expect(runs.map(({ pipelineId, pipelineEndpointVersion }) => [pipelineId, pipelineEndpointVersion])).toEqual([
      [scheduled.pipelineId, "0"],
      [other, "1"],
    ]);
  });
});

describe("a tick that cannot start its run", () => {
  test("is recorded with the remedy, and the schedule goes on", async () => {
    const id = await scheduled.schedule();
    await scheduled.api.post(`published-pipelines/${scheduled.pipelineId}/disable`);

    await scheduled.pass(MINUTE);
    await scheduled.api.post(`published-pipelines/${scheduled.pipelineId}/enable`);
    await scheduled.pass(MINUTE);

    const [failed, started] = await scheduled.ticks(id);
    expect(failed).toMatchObject({
      status: "Failed",
      cause: 'It does not run as long as it is so: published pipeline "say" is disabled',
      remedy: `enable it with POST /api/published-pipelines/${scheduled.pipelineId}/enable`,
    });
    expect(started?.status).toBe("Started");
    expect((await scheduled.details(id)).status).toBe("Active");
  });

  test("is recorded when an endpoint was archived", async () => {
    const endpoint = await scheduled.made("pipeline-endpoints", { name: "e", pipelineId: scheduled.pipelineId });
    const id = await scheduled.schedule({ pipelineId: undefined, pipelineEndpointId: endpoint.id });
    await scheduled.api.post(`pipeline-endpoints/${endpoint.id}/archive`);

    await scheduled.pass(MINUTE);

    expect((await scheduled.ticks(id))[0]).toMatchObject({
      status: "Failed",
      cause: 'It does not run as long as it is so: pipeline endpoint "e" is archived',
      remedy: `reactivate it with POST /api/pipeline-endpoints/${endpoint.id}/reactivate`,
    });
  });

  test("is recorded when an endpoint's default no longer takes the schedule's parameters", async () => {
    const endpoint = await scheduled.made("pipeline-endpoints", { name: "e", pipelineId: scheduled.pipelineId });
    const parameters = { word: "tick" };
    const id = await scheduled.schedule({ pipelineId: undefined, pipelineEndpointId: endpoint.id, parameters });
    const silent = await scheduled.publish({ pipeline: { steps: [{ key: "a", type: "CommandStep", command: ["true"] }] } });
    await scheduled.api.post(`pipeline-endpoints/${endpoint.id}/versions`, { pipelineId: silent, setDefault: true });

    await scheduled.pass(MINUTE);

    expect((await scheduled.ticks(id))[0]).toMatchObject({
      status: "Failed",
      cause: 'The pipeline cannot run as it is: /parameters/word: the pipeline declares no parameter "word"',
      remedy: "it declares none",
    });
  });

  test("is tried again where that may help, and comes to the run it was claimed for", async () => {
    const id = await scheduled.schedule();
    let refusals = 3;
    scheduled.rig.documents.before = ({ operation, pk }) => {
      if (operation === "create" && pk === "runs" && refusals-- > 0) throw busy();
    };

    await scheduled.pass(MINUTE);
    const [starting] = await scheduled.ticks(id);
    await scheduled.pass(30_000);

    const [started] = await scheduled.ticks(id);
    expect(starting?.status).toBe("Starting");
    expect(started).toEqual({ ...starting, status: "Started" });
    expect(await scheduled.runIds()).toEqual([starting?.runId]);
  });

  test("is given up after an hour when a bug of ours keeps it from starting, and names the log", async () => {
    const id = await scheduled.schedule();
    scheduled.rig.documents.before = ({ operation, pk }) => {
      if (operation === "create" && pk === "runs") throw new TypeError("a bug");
    };

    await scheduled.pass(MINUTE);
    const [starting] = await scheduled.ticks(id);
    await scheduled.away(61 * MINUTE);

    expect(starting?.status).toBe("Starting");
    expect((await scheduled.ticks(id))[0]).toMatchObject({
      status: "Failed",
      cause: "InternalError",
      remedy: `the app's log has it under schedule ${id}`,
    });
  });

  test("does not hold up other schedules", async () => {
    const broken = await scheduled.schedule({ name: "broken" });
    const other = await scheduled.schedule();
    scheduled.rig.documents.before = ({ operation, pk }) => {
      if (operation === "create" && pk === `schedule:${broken}`) throw busy();
    };

    await scheduled.pass(MINUTE);

    expect(await scheduled.told(broken)).toEqual([]);
    expect(await scheduled.told(other)).toEqual(["1 timer Started"]);
  });
});

describe("ticks that were missed", () => {
  const fiveMissed = ["1 timer Missed", "2 timer Missed", "3 timer Missed", "4 timer Missed"];

  test("are recorded but for the newest, which runs, unless the policy says otherwise", async () => {
    const id = await scheduled.schedule();

    await scheduled.away(5.5 * MINUTE);
    await scheduled.pass(MINUTE);

    expect(await scheduled.told(id)).toEqual([...fiveMissed, "5 timer Started", "6 timer Started"]);
    expect((await scheduled.ticks(id))[0]).toMatchObject({
      cause: "nothing looked at schedules when it was due: the app was not running, or could not reach its store",
      remedy: "policy.missed says which missed ticks run; a test tick runs the pipeline now",
      late: 4 * 60 + 35,
    });
  });

  test("all run where that is the policy", async () => {
    const id = await scheduled.schedule({ policy: { missed: "all" } });

    await scheduled.away(5.5 * MINUTE);

    expect(await scheduled.told(id)).toEqual([1, 2, 3, 4, 5].map((minute) => `${minute} timer Started`));
  });

  test("all run to a hundred, the newest, and of those before only the span is recorded", async () => {
    const id = await scheduled.schedule({ policy: { missed: "all" } });

    await scheduled.away(150.5 * MINUTE);

    const [older, ...others] = await scheduled.ticks(id);
    expect(older).toMatchObject({
      status: "Missed",
      due: new Date(START + MINUTE).toISOString(),
      until: new Date(START + 51 * MINUTE - 1).toISOString(),
    });
    expect(others.map(({ due, status }) => [(Date.parse(due) - START) / MINUTE, status])).toEqual(
      Array.from({ length: 100 }, (_, n) => [n + 51, "Started"]),
    );
  });

  test("do not run where none is to, but one that is only a little late does", async () => {
    const id = await scheduled.schedule({
      policy: { missed: "none" },
      trigger: { kind: "recurrence", frequency: "Minute", interval: 10, startTime: "2026-07-01T12:10:00" },
    });

    await scheduled.away(18 * MINUTE);
    await scheduled.away(6 * MINUTE);

    expect(await scheduled.told(id)).toEqual(["10 timer Missed", "20 timer Started"]);
  });

  test("of a pause are not made up for when the schedule is enabled again", async () => {
    const id = await scheduled.schedule();
    await scheduled.api.post(`schedules/${id}/disable`);
    await scheduled.pass(5 * MINUTE);

    await scheduled.api.post(`schedules/${id}/enable`);
    await scheduled.pass(MINUTE);

    expect(await scheduled.told(id)).toEqual(["6 timer Started"]);
  });

  test("that were claimed before a crash run all the same, however many have come since", async () => {
    const id = await scheduled.schedule();
    scheduled.rig.documents.before = ({ operation, pk }) => {
      if (operation === "create" && pk === "runs") throw busy();
    };
    await scheduled.pass(MINUTE);
    scheduled.rig.documents.before = () => {};

    await scheduled.away(200 * MINUTE);

    const ticks = await scheduled.ticks(id);
    expect(ticks.filter(({ status }) => status === "Started").map(({ due }) => (Date.parse(due) - START) / MINUTE)).toEqual([1, 201]);
    expect(await scheduled.runIds()).toHaveLength(2);
  });
});

describe("a tick while an earlier run is still going", () => {
  const long = { say: { afterMs: 150_000 } } as const;

  test("starts another, as in v1", async () => {
    scheduled.rig.plans(long);
    const id = await scheduled.schedule();

    await scheduled.pass(2 * MINUTE);

    expect(await scheduled.told(id)).toEqual(["1 timer Started", "2 timer Started"]);
  });

  test("is recorded as skipped where that is the policy, and the first one after the run's end runs", async () => {
    scheduled.rig.plans(long);
    const id = await scheduled.schedule({ policy: { overlap: "skip" } });

    await scheduled.pass(4 * MINUTE);

    expect(await scheduled.told(id)).toEqual(["1 timer Started", "2 timer Skipped", "3 timer Skipped", "4 timer Started"]);
    const [first, second] = await scheduled.ticks(id);
    expect(second).toMatchObject({
      runId: first?.runId,
      cause: `run ${first?.runId} of an earlier tick was still going`,
      remedy: 'set policy.overlap to "allow" for runs side by side, or make the interval longer than a run',
    });
    expect(await scheduled.runIds()).toHaveLength(2);
  });

  test("is not held up by one that could not be started", async () => {
    const id = await scheduled.schedule({ policy: { overlap: "skip" } });
    await scheduled.api.post(`published-pipelines/${scheduled.pipelineId}/disable`);

    await scheduled.pass(MINUTE);
    await scheduled.api.post(`published-pipelines/${scheduled.pipelineId}/enable`);
    await scheduled.pass(MINUTE);

    expect(await scheduled.told(id)).toEqual(["1 timer Failed", "2 timer Started"]);
  });
});

describe("a look", () => {
  test("that finds nothing costs one query for each minute it looks into", async () => {
    await scheduled.schedule({ trigger: { kind: "cron", expression: "0 0 * * *" } });
    await scheduled.rig.lookAtSchedules();
    await scheduled.rig.pass(10_000);
    scheduled.rig.documents.calls.length = 0;

    await scheduled.rig.lookAtSchedules();

    expect(scheduled.rig.documents.calls.map(({ operation, pk }) => `${operation} ${pk}`)).toEqual(["list schedules"]);
  });

  test("comes by schedules that fell due while it did not run, for minutes as for days", async () => {
    const id = await scheduled.schedule();
    await scheduled.rig.lookAtSchedules();

    await scheduled.rig.pass(10 * MINUTE);
    await scheduled.rig.lookAtSchedules();
    await scheduled.rig.pass(3 * 1440 * MINUTE);
    await scheduled.rig.lookAtSchedules();

    expect((await scheduled.told(id)).filter((tick) => tick.endsWith("Started"))).toEqual(["10 timer Started", "4330 timer Started"]);
  });

  test("goes on where the clock is put back, without a tick twice", async () => {
    const id = await scheduled.schedule();
    await scheduled.pass(3 * MINUTE);

    scheduled.rig.clock.putBack(2 * MINUTE);
    await scheduled.pass(3 * MINUTE);

    expect(await scheduled.told(id)).toEqual([1, 2, 3, 4].map((minute) => `${minute} timer Started`));
  });

  test("tells of a schedule that cannot be read, and goes on", async () => {
    const id = await scheduled.schedule();
    await scheduled.rig.stored.create("schedules", "damaged", { status: "Active" });

    await scheduled.away(MINUTE);

    expect(await scheduled.told(id)).toEqual(["1 timer Started"]);
    expect(scheduled.rig.logged).toContainEqual({
      level: "warn",
      message: "schedule cannot be read and is left alone; restore a backup",
      detail: { schedule: "damaged" },
    });
  });
});
