import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MINUTE, refusal, ScheduledRig, START } from "../support/scheduled-rig.ts";

const OLD_ID = "0b4ab1d2-56a1-4b5e-9a3a-2f1d8e6c7b90";
const NOBODY = "00000000-0000-4000-8000-000000000000";
const INVALID = "400 | urn:penstock:problem:invalid-request";
const NO_SCHEDULE = `404 | urn:penstock:problem:not-found | schedule "${NOBODY}" is not in this workspace | GET /api/schedules?includeDisabled=true lists all`;

let scheduled: ScheduledRig;
beforeEach(async () => {
  scheduled = await ScheduledRig.open();
});
afterEach(() => scheduled[Symbol.asyncDispose]());

const post = (path: string, body: object = {}, headers: Record<string, string> = {}) => scheduled.api.post(path, body, headers);
const at = (minute: number) => new Date(START + minute * MINUTE).toISOString();

describe("a schedule", () => {
  test("is made, and shown with what its author said", async () => {
    const { status, headers, body } = await post(
      "schedules",
      scheduled.definition({ description: "each minute", id: OLD_ID.toUpperCase() }),
    );

    expect([status, headers["location"]]).toEqual([201, `/api/schedules/${OLD_ID}`]);
    expect(body).toEqual({
      id: OLD_ID,
      name: "often",
      description: "each minute",
      pipelineId: scheduled.pipelineId,
      experimentName: "scheduled",
      parameters: {},
      trigger: { kind: "cron", expression: "* * * * *", timeZone: "UTC" },
      policy: { missed: "latest", overlap: "allow" },
      status: "Active",
      provisioningState: "Succeeded",
      createdAt: new Date(START + 5000).toISOString(),
      createdBy: { objectId: "ada", tenantId: "tenant" },
      modifiedAt: new Date(START + 5000).toISOString(),
      nextDue: at(1),
      warnings: [],
    });
  });

  test("is shown with its next ten ticks, its last tick and its last run", async () => {
    const trigger = { kind: "recurrence", frequency: "Day", timeOfDay: "14:02", timeZone: "W. Europe Standard Time" };
    const id = await scheduled.schedule({ trigger });
    await scheduled.pass(3 * MINUTE);
    await scheduled.api.post(`published-pipelines/${scheduled.pipelineId}/disable`);
    await scheduled.away(1440 * MINUTE);

    const { nextTicks, lastTick, lastRun, nextDue } = await scheduled.details(id);

    expect(nextTicks).toHaveLength(10);
    expect(nextTicks.slice(0, 2)).toEqual([
      { due: "2026-07-03T12:02:00.000Z", local: "2026-07-03T14:02:00" },
      { due: "2026-07-04T12:02:00.000Z", local: "2026-07-04T14:02:00" },
    ]);
    expect(nextDue).toBe(nextTicks[0]?.due);
    expect(lastTick).toMatchObject({ due: "2026-07-02T12:02:00.000Z", status: "Failed" });
    expect(lastRun).toEqual({ runId: lastTick?.runId, tick: lastTick?.key, due: lastTick?.due });
    const [first] = await scheduled.ticks(id);
    expect(first).toMatchObject({ status: "Started", due: new Date(START + 5000).toISOString() });
  });

  test("is the same when its maker, who brought an id along, asks again; with another definition the id is in use", async () => {
    const definition = scheduled.definition({ id: OLD_ID });
    const first = await post("schedules", definition);

    const again = await post("schedules", definition);
    const other = await post("schedules", { ...definition, name: "other" });

    expect(again).toEqual(first);
    expect(refusal(other)).toEqual([
      `409 | urn:penstock:problem:conflict | schedule id ${OLD_ID} is in use | leave the id out, and one is made; or change that schedule with PATCH /api/schedules/${OLD_ID}`,
    ]);
  });

  test("is listed newest first, page by page, disabled ones only where asked for, and by what it runs", async () => {
    const other = await scheduled.publish();
    const ids: string[] = [];
    for (const n of [1, 2, 3, 4]) ids.push(await scheduled.schedule({ name: `s${n}`, ...(n === 4 && { pipelineId: other }) }));
    await post(`schedules/${ids[1]}/disable`);

    const list = async (query: string) => (await scheduled.api.get(`schedules${query}`)).body;
    const first = await list("?limit=2");
    const second = await list(`?limit=2&cursor=${first.cursor}`);
    const names = async (query: string) => (await list(query)).schedules.map(({ name }: { name: string }) => name);

    expect([first, second].flatMap(({ schedules }) => schedules.map(({ name }: { name: string }) => name))).toEqual(["s4", "s3", "s1"]);
    expect(second.cursor).toBeUndefined();
    expect(await names("?includeDisabled=true")).toEqual(["s4", "s3", "s2", "s1"]);
    expect(await names(`?pipelineId=${other}`)).toEqual(["s4"]);
    expect(await names(`?pipelineEndpointId=${NOBODY}`)).toEqual([]);
  });

  test("that is made disabled runs from when it is enabled, and not at once", async () => {
    const trigger = { kind: "recurrence", frequency: "Minute", interval: 10 };
    const id = await scheduled.schedule({ status: "Disabled", trigger });
    await scheduled.pass(11 * MINUTE);

    const enabled = await post(`schedules/${id}/enable`);
    await scheduled.pass(MINUTE);

    expect(enabled.body).toMatchObject({ status: "Active", nextDue: new Date(START + 20 * MINUTE + 5000).toISOString() });
    expect(await scheduled.ticks(id)).toEqual([]);
  });

  test("says when its end has passed", async () => {
    const id = await scheduled.schedule({ trigger: { kind: "cron", expression: "* * * * *", endTime: "2026-07-01T12:01" } });

    await scheduled.pass(3 * MINUTE);

    expect(await scheduled.told(id)).toEqual(["1 timer Started"]);
    expect(await scheduled.details(id)).toMatchObject({
      status: "Active",
      nextTicks: [],
      warnings: ["its end has passed: no tick is to come"],
    });
  });
});

describe("changing a schedule", () => {
  test("computes the next tick anew where the trigger is another, without a first run at once", async () => {
    const id = await scheduled.schedule();

    const patched = await scheduled.api.send("PATCH", `schedules/${id}`, {
      trigger: { kind: "recurrence", frequency: "Minute", interval: 7 },
    });
    await scheduled.pass(7 * MINUTE);

    expect(patched.body.nextDue).toBe(new Date(START + 7 * MINUTE + 5000).toISOString());
    expect((await scheduled.ticks(id)).map(({ due }) => due)).toEqual([patched.body.nextDue]);
  });

  test("leaves the next tick as it is where the trigger is the same, and keeps what is not given", async () => {
    const trigger = { kind: "recurrence", frequency: "Minute", interval: 7 };
    const id = await scheduled.schedule({ trigger, description: "d", continueOnStepFailure: true, policy: { missed: "all" } });
    await scheduled.rig.pass(MINUTE);
    const before = await scheduled.details(id);

    const named = await scheduled.api.send("PATCH", `schedules/${id}`, { name: "other", trigger, policy: { overlap: "skip" } });
    const cleared = await scheduled.api.send("PATCH", `schedules/${id}`, {
      description: null,
      continueOnStepFailure: null,
      parameters: { word: "w" },
    });

    expect(named.body).toMatchObject({
      name: "other",
      description: "d",
      continueOnStepFailure: true,
      nextDue: before.nextDue,
      policy: { missed: "all", overlap: "skip" },
    });
    expect(cleared.body).toMatchObject({ name: "other", parameters: { word: "w" }, nextDue: before.nextDue });
    expect(cleared.body).not.toHaveProperty("description");
    expect(cleared.body).not.toHaveProperty("continueOnStepFailure");
  });

  test("puts an endpoint in the place of a pipeline", async () => {
    const endpoint = await scheduled.made("pipeline-endpoints", { name: "e", pipelineId: scheduled.pipelineId });
    const id = await scheduled.schedule();

    const { body } = await scheduled.api.send("PATCH", `schedules/${id}`, { pipelineEndpointId: endpoint.id });

    expect(body).toMatchObject({ pipelineEndpointId: endpoint.id });
    expect(body).not.toHaveProperty("pipelineId");
  });

  test("enables and disables, as the routes for it do, and again to no effect", async () => {
    const id = await scheduled.schedule();

    const disabled = await scheduled.api.send("PATCH", `schedules/${id}`, { status: "Disabled" });
    await scheduled.rig.pass(MINUTE);
    const again = await post(`schedules/${id}/disable`);
    const enabled = await scheduled.api.send("PATCH", `schedules/${id}`, { status: "Active" });

    expect(disabled.body.status).toBe("Disabled");
    expect(disabled.body).not.toHaveProperty("nextDue");
    expect(again.body).toEqual(disabled.body);
    expect(enabled.body).toMatchObject({ status: "Active", nextDue: at(2) });
  });

  test("records what was due and had not been looked at", async () => {
    const id = await scheduled.schedule();
    await scheduled.rig.pass(2 * MINUTE);

    await post(`schedules/${id}/disable`);

    expect(await scheduled.told(id)).toEqual(["1 timer Missed", "2 timer Missed"]);
    expect((await scheduled.ticks(id))[0]).toMatchObject({
      cause: "the schedule was disabled or had its trigger changed before a look came by",
      remedy: "a test tick runs the pipeline now: POST /api/schedules/{id}/test",
    });
  });

  test("finishes a tick that was claimed before it", async () => {
    const id = await scheduled.schedule();
    let isBusy = true;
    scheduled.rig.documents.before = ({ operation, pk }) => {
      if (operation === "create" && pk === "runs" && isBusy) throw new TypeError("a bug");
    };
    await scheduled.pass(MINUTE);
    isBusy = false;

    await post(`schedules/${id}/disable`);

    expect(await scheduled.told(id)).toEqual(["1 timer Started"]);
  });

  test("by two at once loses neither", async () => {
    const id = await scheduled.schedule();

    await Promise.all([
      scheduled.api.send("PATCH", `schedules/${id}`, { name: "other" }),
      scheduled.api.send("PATCH", `schedules/${id}`, { description: "d" }),
      scheduled.api.send("PATCH", `schedules/${id}`, { policy: { overlap: "skip" } }),
    ]);

    expect(await scheduled.details(id)).toMatchObject({ name: "other", description: "d", policy: { overlap: "skip" } });
  });
});

describe("deleting a schedule", () => {
  test("is for one that is disabled, and its runs stay", async () => {
    const id = await scheduled.schedule();
    await scheduled.pass(MINUTE);

    const refused = await scheduled.api.send("DELETE", `schedules/${id}`);
    await post(`schedules/${id}/disable`);
    const deleted = await scheduled.api.send("DELETE", `schedules/${id}`);

    expect(refusal(refused)).toEqual([
      `409 | urn:penstock:problem:conflict | schedule "often" is enabled | disable it first: POST /api/schedules/${id}/disable`,
    ]);
    expect(deleted.status).toBe(204);
    expect((await scheduled.api.get(`schedules/${id}`)).status).toBe(404);
    expect((await scheduled.api.get("schedules?includeDisabled=true")).body.schedules).toEqual([]);
    expect(await scheduled.runIds()).toHaveLength(1);
  });

  test("frees its pipeline, which cannot be deleted before", async () => {
    const id = await scheduled.schedule({ status: "Disabled" });

    const refused = await scheduled.api.send("DELETE", `published-pipelines/${scheduled.pipelineId}`);
    await scheduled.api.send("DELETE", `schedules/${id}`);
    const deleted = await scheduled.api.send("DELETE", `published-pipelines/${scheduled.pipelineId}`);

    expect(refusal(refused)).toEqual([
      '409 | urn:penstock:problem:conflict | published pipeline "say" is referred to by schedule "often" | take it out of these first, or disable it instead: POST /api/published-pipelines/{id}/disable',
    ]);
    expect(deleted.status).toBe(204);
  });
});

describe("a test tick", () => {
  test("runs the pipeline of a disabled schedule too, is recorded as a test, and moves nothing", async () => {
    const id = await scheduled.schedule({ policy: { overlap: "skip" } });
    await post(`schedules/${id}/test`);
    await post(`schedules/${id}/disable`);

    const { status, body } = await post(`schedules/${id}/test`);

    expect([status, body]).toEqual([200, expect.objectContaining({ kind: "test", status: "Started", late: 0 })]);
    expect((await scheduled.api.get(`runs/${body.runId}`)).body).toMatchObject({ scheduleId: id, runSource: "Schedule" });
    expect((await scheduled.ticks(id)).map(({ kind, status: is }) => `${kind} ${is}`)).toEqual(["test Started", "test Started"]);
  });

  test("is the same when it is asked for again under its key", async () => {
    const id = await scheduled.schedule();

    const answers = await Promise.all([1, 2, 3].map(() => post(`schedules/${id}/test`, {}, { "idempotency-key": "k" })));
    const other = await post(`schedules/${id}/test`, {}, { "idempotency-key": "l" });

    expect(new Set(answers.map(({ body }) => body.runId)).size).toBe(1);
    expect(other.body.runId).not.toBe(answers[0]?.body.runId);
    expect(await scheduled.runIds()).toHaveLength(2);
  });

  test("answers why it could start no run", async () => {
    const id = await scheduled.schedule();
    await post(`published-pipelines/${scheduled.pipelineId}/disable`);

    const { status, body } = await post(`schedules/${id}/test`);

    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: "Failed",
      cause: 'It does not run as long as it is so: published pipeline "say" is disabled',
      remedy: `enable it with POST /api/published-pipelines/${scheduled.pipelineId}/enable`,
    });
  });

  test("of a schedule that hands a blob on wants its path, of one that hands the folder on knows it", async () => {
    const trigger = { kind: "blobChange", datastore: "workspaceblobstore", path: "in", dataPathParameterName: "file" };
    const each = await scheduled.schedule({ trigger });
    const folder = await scheduled.schedule({ trigger: { ...trigger, batch: { settleSeconds: 10 } } });

    const without = await post(`schedules/${each}/test`);
    const given = await post(`schedules/${each}/test?path=in/a.csv`);
    const together = await post(`schedules/${folder}/test`);

    expect(refusal(without)).toEqual([
      INVALID,
      '/query/path | parameter "file" wants the path of a blob | name a blob of workspaceblobstore, as in ?path=in/table.csv',
    ]);
    expect(given.body.blob).toEqual({ datastore: "workspaceblobstore", path: "in/a.csv" });
    expect(together.body.blob).toEqual({ datastore: "workspaceblobstore", path: "in" });
  });

  test("of a schedule that goes by the clock takes no path", async () => {
    const id = await scheduled.schedule();

    expect(refusal(await post(`schedules/${id}/test?path=in/a.csv`))).toEqual([
      INVALID,
      "/query/path | path is for schedules that watch blobs, and this one goes by the clock | leave path out",
    ]);
  });
});

describe("a preview", () => {
  test("tells the next ten ticks of a trigger, the run at once among them, and makes nothing", async () => {
    const trigger = { kind: "recurrence", frequency: "Day", timeOfDay: "02:30", timeZone: "Europe/Berlin" };

    const { status, body } = await post("schedules:preview", { trigger });
    const three = await post("schedules:preview", { trigger: { ...trigger, startTime: "2026-10-24T00:00" }, count: 3 });

    expect([status, body.ticks.length]).toEqual([200, 10]);
    expect(body.ticks[0]).toEqual({ due: new Date(START + 5000).toISOString(), local: "2026-07-01T14:00:05" });
    expect(three.body.ticks).toEqual([
      { due: "2026-10-24T00:30:00.000Z", local: "2026-10-24T02:30:00" },
      { due: "2026-10-25T00:30:00.000Z", local: "2026-10-25T02:30:00" },
      { due: "2026-10-26T01:30:00.000Z", local: "2026-10-26T02:30:00" },
    ]);
    expect((await scheduled.api.get("schedules")).body.schedules).toEqual([]);
  });

  test("says what is wrong with a trigger", async () => {
    const answers = await Promise.all(
      [
        { kind: "cron", expression: "0 0 30 2 *" },
        { kind: "blobChange", datastore: "workspaceblobstore" },
      ].map((trigger) => post("schedules:preview", { trigger })),
    );

    expect(answers.map(refusal)).toEqual([
      [
        INVALID,
        '/trigger/expression | no date ever fits "0 0 30 2 *", so there would be no tick | day of month, month and day of week must all fit: see that there is such a day',
      ],
      [
        INVALID,
        "/trigger/kind | changes of blobs do not go by the clock, so no tick is known before | preview a recurrence or a cron expression",
      ],
    ]);
  });
});

describe("ticks", () => {
  test("are listed newest first, page by page, and by their outcome", async () => {
    const id = await scheduled.schedule();
    await scheduled.away(3.5 * MINUTE);

    const first = (await scheduled.api.get(`schedules/${id}/ticks?limit=2`)).body;
    const second = (await scheduled.api.get(`schedules/${id}/ticks?limit=2&cursor=${first.cursor}`)).body;
    const missed = (await scheduled.api.get(`schedules/${id}/ticks?status=Missed`)).body;

    expect([first, second].map(({ ticks }) => ticks.map(({ due }: { due: string }) => due))).toEqual([[at(3), at(2)], [at(1)]]);
    expect(second.cursor).toBeUndefined();
    expect(missed.ticks.map(({ due }: { due: string }) => due)).toEqual([at(2), at(1)]);
  });
});

describe("a schedule that cannot be is refused by the name of its field:", () => {
  test.each<[string, object, string[]]>([
    [
      "no pipeline",
      { pipelineId: undefined },
      [
        "/pipelineId | neither pipelineId nor pipelineEndpointId is there | name either a published pipeline, or a pipeline endpoint whose default version is to run",
      ],
    ],
    [
      "pipeline and endpoint",
      { pipelineEndpointId: NOBODY },
      [
        "/pipelineEndpointId | pipelineEndpointId is there beside pipelineId | name either a published pipeline, or a pipeline endpoint whose default version is to run",
      ],
    ],
    [
      "an unknown pipeline",
      { pipelineId: NOBODY },
      [`/pipelineId | the workspace has no published pipeline "${NOBODY}" | GET /api/published-pipelines?includeDisabled=true lists all`],
    ],
    [
      "an unknown endpoint",
      { pipelineId: undefined, pipelineEndpointId: NOBODY },
      [
        `/pipelineEndpointId | the workspace has no pipeline endpoint "${NOBODY}" | GET /api/pipeline-endpoints?includeDisabled=true lists all`,
      ],
    ],
    [
      "an unknown parameter",
      { parameters: { rate: 1 } },
      ['/parameters/rate | the pipeline declares no parameter "rate" | it declares: word, file'],
    ],
    [
      "an unknown datastore",
      { trigger: { kind: "blobChange", datastore: "nowhere" } },
      ['/trigger/datastore | the workspace has no datastore "nowhere" | known: workspaceartifactstore, workspaceblobstore'],
    ],
    [
      "a path for a parameter that takes none",
      { trigger: { kind: "blobChange", datastore: "workspaceblobstore", dataPathParameterName: "rate" } },
      ['/trigger/dataPathParameterName | the pipeline declares no parameter "rate" | it declares: word, file'],
    ],
    [
      "the path of a whole container",
      { trigger: { kind: "blobChange", datastore: "workspaceblobstore", dataPathParameterName: "file", batch: { settleSeconds: 10 } } },
      [
        '/trigger/path | parameter "file" is to be given the folder\'s path, and a whole container has none | name a folder as path, or leave dataPathParameterName out',
      ],
    ],
    [
      "a path out of the datastore",
      { trigger: { kind: "blobChange", datastore: "workspaceblobstore", path: "../x" } },
      [
        "/trigger/path | a relative path with '/' between its parts (255 bytes each); no '..', '.', '\\', empty part or control character; it is \"../x\"",
      ],
    ],
    [
      "interval 0",
      { trigger: { kind: "recurrence", frequency: "Day", interval: 0 } },
      ["/trigger/interval | an interval is 1 or more, or there would be no tick; it is 0"],
    ],
    [
      "no week day",
      { trigger: { kind: "recurrence", frequency: "Week", weekDays: [] } },
      ["/trigger/weekDays | an empty list names no time, so there would be no tick; leave it out or name one"],
    ],
    [
      "an end before its start",
      { trigger: { kind: "recurrence", frequency: "Day", startTime: "2026-08-02T00:00", endTime: "2026-08-01T00:00" } },
      [
        "/trigger/endTime | endTime 2026-08-01T00:00 is before startTime 2026-08-02T00:00, so there would be no tick | give a later endTime, or leave it out",
      ],
    ],
    [
      "a time zone that is none",
      { trigger: { kind: "cron", expression: "0 0 * * *", timeZone: "Mars/Olympus" } },
      [
        '/trigger/timeZone | there is no time zone "Mars/Olympus" | give an IANA name such as "Europe/Berlin" or a Windows name such as "W. Europe Standard Time"',
      ],
    ],
  ])("%s", async (_what, more, problems) => {
    expect(refusal(await post("schedules", scheduled.definition(more)))).toEqual([INVALID, ...problems]);
  });

  test("a pipeline or an endpoint that is disabled, with how to enable it", async () => {
    const endpoint = await scheduled.made("pipeline-endpoints", { name: "e", pipelineId: scheduled.pipelineId });
    await post(`pipeline-endpoints/${endpoint.id}/disable`);
    await post(`published-pipelines/${scheduled.pipelineId}/disable`);

    const ofPipeline = await post("schedules", scheduled.definition());
    const ofEndpoint = await post("schedules", scheduled.definition({ pipelineId: undefined, pipelineEndpointId: endpoint.id }));

    expect(refusal(ofPipeline)).toEqual([
      `409 | urn:penstock:problem:disabled | published pipeline "say" is disabled | enable it with POST /api/published-pipelines/${scheduled.pipelineId}/enable`,
    ]);
    expect(refusal(ofEndpoint)).toEqual([
      `409 | urn:penstock:problem:disabled | pipeline endpoint "e" is disabled | enable it with POST /api/pipeline-endpoints/${endpoint.id}/enable`,
    ]);
  });

  test("one that is not there, by every route", async () => {
    const answers = [
      await scheduled.api.get(`schedules/${NOBODY}`),
      await scheduled.api.get(`schedules/${NOBODY}/ticks`),
      await scheduled.api.send("PATCH", `schedules/${NOBODY}`, {}),
      await scheduled.api.send("DELETE", `schedules/${NOBODY}`),
      await post(`schedules/${NOBODY}/enable`),
      await post(`schedules/${NOBODY}/disable`),
      await post(`schedules/${NOBODY}/test`),
    ];

    expect(answers.map(refusal)).toEqual(answers.map(() => [NO_SCHEDULE]));
  });

  test("a caller who may not", async () => {
    scheduled.api.role = "Submitter";

    const made = await post("schedules", scheduled.definition());
    scheduled.api.role = "Author";
    const id = await scheduled.schedule({ status: "Disabled" });
    const deleted = await scheduled.api.send("DELETE", `schedules/${id}`);
    scheduled.api.role = "Reader";
    const tested = await post(`schedules/${id}/test`);

    expect([made, deleted, tested].map(({ status }) => status)).toEqual([403, 403, 403]);
  });
});
