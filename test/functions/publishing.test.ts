import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ApiAnswer } from "../support/api-over-rig.ts";
import { ApiOverRig } from "../support/api-over-rig.ts";
import { RunRig } from "../support/run-rig.ts";

const OLD_ID = "0b4ab1d2-56a1-4b5e-9a3a-2f1d8e6c7b90";
const NOBODY = "00000000-0000-4000-8000-000000000000";

let rig: RunRig;
let api: ApiOverRig;
beforeEach(async () => {
  rig = await RunRig.open();
  api = new ApiOverRig(rig);
});
afterEach(() => rig[Symbol.asyncDispose]());

/** A pipeline of one step that says a word. */
function saying(more: object = {}) {
  return {
    name: "say",
    parameters: { word: { type: "string", default: "hello" } },
    steps: [{ key: "say", type: "CommandStep", command: ["echo", { parameter: "word" }], parameters: { word: { source: "word" } } }],
    ...more,
  };
}

async function publish(more: object = {}): Promise<string> {
  const { body, status } = await api.post("published-pipelines", { name: "say", pipeline: saying(), ...more });
  expect(status, JSON.stringify(body)).toBe(201);
  return body.id;
}

async function anEndpoint(more: object = {}): Promise<{ id: string; pipelineId: string }> {
  const pipelineId = await publish();
  const { body, status } = await api.post("pipeline-endpoints", { name: "say", pipelineId, ...more });
  expect(status, JSON.stringify(body)).toBe(201);
  return { id: body.id, pipelineId };
}

/** What a refusal says, in one line each. */
function refusal({ status, body }: ApiAnswer): string[] {
  const errors = (body.errors ?? []) as { pointer?: string; message: string; remedy?: string }[];
  return [
    [status, body.type, body.detail, body.remedy].filter(Boolean).join(" | "),
    ...errors.map(({ pointer, message, remedy }) => [pointer, message, remedy].filter(Boolean).join(" | ")),
  ];
}

/** The words of a step's command, of a run that has ended well. */
async function said(runId: string): Promise<string> {
  expect((await rig.ended(runId)).status).toBe("Completed");
  return (
    rig.compute.ledger
      .get(await rig.jobId(runId, "say"))
      ?.request.command.split("; ")
      .at(-1) ?? ""
  );
}

describe("a published pipeline", () => {
  test("is shown with its parameters, its steps and its graph", async () => {
    const { status, body, headers } = await api.post("published-pipelines", {
      name: "say it",
      version: "7b",
      pipeline: saying({ description: "says a word" }),
      tags: { team: "a" },
    });

    const shown = await api.get(`published-pipelines/${body.id}`);

    expect([status, headers["location"]]).toEqual([201, `/api/published-pipelines/${body.id}`]);
    expect(body).toEqual({
      id: body.id,
      name: "say it",
      version: "7b",
      description: "says a word",
      status: "Active",
      graphId: expect.stringMatching(/^[0-9a-f]{64}$/),
      parameters: { word: { type: "string", default: "hello" } },
      stepCount: 1,
      continueOnStepFailure: false,
      tags: { team: "a" },
      properties: {},
      createdAt: "2026-07-01T00:00:00.000Z",
      createdBy: { objectId: "ada", tenantId: "tenant" },
      modifiedAt: "2026-07-01T00:00:00.000Z",
    });
    expect(shown.body).toEqual({
      ...body,
      pipeline: expect.objectContaining({ name: "say", steps: [expect.objectContaining({ key: "say" })] }),
    });
  });

  test("runs with its defaults and with what the submit says, and its runs say whose they are", async () => {
    const id = await publish({ continueOnStepFailure: true });

    const plain = await api.post(`published-pipelines/${id}/runs`);
    const told = await api.post(`published-pipelines/${id}/runs`, {
      experimentName: "by-hand",
      displayName: "good morning",
      parameters: { word: "morning" },
      tags: { a: "b" },
      stepTags: { c: "d" },
      parentRunId: "AutoML_7f3c",
      runSource: "Unavailable",
      continueOnStepFailure: false,
    });

    expect([plain.status, plain.headers["location"]]).toEqual([202, `/api/runs/${plain.body.id}`]);
    expect(plain.body).toMatchObject({
      pipelineId: id,
      experimentName: "say",
      displayName: "say",
      continueOnStepFailure: true,
      runSource: "API",
      parameters: { word: { value: "hello", origin: "default" } },
    });
    expect(told.body).toMatchObject({
      pipelineId: id,
      experimentName: "by-hand",
      displayName: "good morning",
      continueOnStepFailure: false,
      tags: { a: "b" },
      stepTags: { c: "d" },
      parentRunId: "AutoML_7f3c",
      runSource: "Unavailable",
      parameters: { word: { value: "morning", origin: "submit" } },
    });
    expect([await said(plain.body.id), await said(told.body.id)]).toEqual(["echo 'hello'", "echo 'morning'"]);
    const stepRun = await api.get(`runs/${await rig.stepRunId(told.body.id, "say")}`);
    expect(stepRun.body.tags).toEqual({ c: "d" });
    await api.post("runs", { experimentName: "other", pipeline: saying() });
    expect((await api.get(`runs?pipelineId=${id}`)).body.runs.map((run: { id: string }) => run.id)).toEqual([told.body.id, plain.body.id]);
  });

  test("runs once for one idempotency key, and refuses it for another request", async () => {
    const id = await publish();
    const submit = (body: object) => api.post(`published-pipelines/${id}/runs`, body, { "idempotency-key": "k" });

    const [first, again] = [await submit({}), await submit({})];

    expect(again.body.id).toBe(first.body.id);
    expect(refusal(await submit({ parameters: { word: "x" } }))[0]).toBe(
      '409 | urn:penstock:problem:idempotency-conflict | Idempotency-Key "k" came with another body before | send a new key with a new request',
    );
  });

  test("takes over an id that callers know", async () => {
    await publish({ id: OLD_ID.toUpperCase() });

    const { status, body } = await api.post(`published-pipelines/${OLD_ID}/runs`);

    expect([status, body.pipelineId]).toEqual([202, OLD_ID]);
    expect(refusal(await api.post("published-pipelines", { name: "b", pipeline: saying(), id: OLD_ID }))).toEqual([
      `409 | urn:penstock:problem:conflict | pipeline id ${OLD_ID} is in use | leave the id out, and one is made; or delete the other first: DELETE /api/published-pipelines/{pipelineId}`,
    ]);
  });

  test("is made of what a run ran, and of a draft with its values", async () => {
    const run = await api.post("runs", {
      experimentName: "e",
      pipeline: { ...saying(), steps: [...saying().steps, { key: "aside", type: "CommandStep", command: ["true"] }], targets: ["say"] },
      parameters: { word: "once" },
      continueOnStepFailure: true,
    });
    const draft = await api.post("pipeline-drafts", { pipeline: saying(), parameters: { word: "draft" } });

    const ofRun = await api.post("published-pipelines", { runId: run.body.id });
    const ofDraft = await api.post("published-pipelines", { draftId: draft.body.id, name: "of a draft" });

    expect(ofRun.body).toMatchObject({
      name: "say",
      stepCount: 1,
      continueOnStepFailure: true,
      parameters: { word: { default: "hello" } },
    });
    expect(ofDraft.body).toMatchObject({ name: "of a draft", parameters: { word: { type: "string", default: "draft" } } });
    expect(await said((await api.post(`published-pipelines/${ofDraft.body.id}/runs`)).body.id)).toBe("echo 'draft'");
  });

  test("is hidden and refuses to run while it is disabled, and says how to enable it", async () => {
    const id = await publish();
    const listed = async (query = "") =>
      (await api.get(`published-pipelines${query}`)).body.pipelines.map(({ status }: { status: string }) => status);

    for (let twice = 0; twice < 2; twice++) expect((await api.post(`published-pipelines/${id}/disable`)).body.status).toBe("Disabled");

    expect([await listed(), await listed("?includeDisabled=true")]).toEqual([[], ["Disabled"]]);
    expect(refusal(await api.post(`published-pipelines/${id}/runs`))).toEqual([
      `409 | urn:penstock:problem:disabled | published pipeline "say" is disabled | enable it with POST /api/published-pipelines/${id}/enable`,
    ]);
    for (let twice = 0; twice < 2; twice++) expect((await api.post(`published-pipelines/${id}/enable`)).body.status).toBe("Active");
    expect((await api.post(`published-pipelines/${id}/runs`)).status).toBe(202);
    expect(await listed()).toEqual(["Active"]);
  });

  test("changes in what is said of it, and in nothing else", async () => {
    const id = await publish({ description: "old", tags: { a: "1" } });
    await rig.pass(1000);

    const { body } = await api.send("PATCH", `published-pipelines/${id}`, { name: "new", tags: { b: null } });

    expect(body).toMatchObject({ id, name: "new", description: "old", tags: { b: null }, modifiedAt: "2026-07-01T00:00:01.000Z" });
    expect(body.tags).not.toHaveProperty("a");
    expect(refusal(await api.send("PATCH", `published-pipelines/${id}`, { pipeline: saying() }))[0]).toContain("400 |");
  });

  test("is deleted only while nothing refers to it; its id is free again, and its runs stay", async () => {
    const { id: endpointId, pipelineId } = await anEndpoint();
    const other = await publish({ id: OLD_ID });
    const run = await api.post(`published-pipelines/${other}/runs`);

    expect(refusal(await api.send("DELETE", `published-pipelines/${pipelineId}`))).toEqual([
      '409 | urn:penstock:problem:conflict | published pipeline "say" is referred to by pipeline endpoint "say" | take it out of these first, or disable it instead: POST /api/published-pipelines/{id}/disable',
    ]);
    expect((await api.send("DELETE", `published-pipelines/${other}`)).status).toBe(204);
    expect((await api.get(`published-pipelines/${other}`)).status).toBe(404);
    expect((await api.get("published-pipelines?includeDisabled=true")).body.pipelines).toHaveLength(1);
    expect((await api.get(`runs/${run.body.id}`)).body.pipelineId).toBe(OLD_ID);
    expect(await publish({ id: OLD_ID })).toBe(OLD_ID);
    expect((await api.get(`pipeline-endpoints/${endpointId}`)).status).toBe(200);
  });

  test("is listed newest first by name and page", async () => {
    for (const name of ["a", "b", "a", "a"]) await publish({ name });

    const first = await api.get("published-pipelines?name=a&limit=2");
    const rest = await api.get(`published-pipelines?name=a&limit=2&cursor=${first.body.cursor}`);

    expect([first.body.pipelines.length, rest.body.pipelines.length, rest.body.cursor]).toEqual([2, 1, undefined]);
    const times = [...first.body.pipelines, ...rest.body.pipelines].map(({ id }: { id: string }) => id);
    expect(times).toEqual([...times].sort().reverse());
  });
});

describe("publishing refuses", () => {
  test.each<[string, object, string[]]>([
    [
      "a cycle",
      {
        name: "p",
        pipeline: {
          steps: ["a", "b"].map((key) => ({ key, type: "CommandStep", command: ["true"], runAfter: [key === "a" ? "b" : "a"] })),
        },
      },
      [
        "422 | urn:penstock:problem:invalid-pipeline",
        "/pipeline/steps/0 | steps wait for one another: a → b → a | take away one of these dependencies",
      ],
    ],
    [
      "a default that is not among the allowed values",
      { pipeline: saying({ parameters: { word: { type: "string", default: "hello", allowed: ["hi", "ho"] } } }) },
      [
        "422 | urn:penstock:problem:invalid-pipeline",
        '/pipeline/parameters/word/default | "hello" is not among the values that parameter "word" may have | allowed: "hi", "ho"',
      ],
    ],
    [
      "a default dataset that is not there",
      { pipeline: saying({ parameters: { word: { type: "dataset", default: { name: "iris" } } } }) },
      [
        "422 | urn:penstock:problem:invalid-pipeline",
        '/pipeline/parameters/word/default | the workspace has no dataset "iris" | register it with POST /api/datasets, or give a datastore and a path',
      ],
    ],
    [
      "a compute that is not there",
      { pipeline: saying({ defaultCompute: "gpu" }) },
      [
        "422 | urn:penstock:problem:invalid-pipeline",
        '/pipeline/defaultCompute | the workspace has no compute "gpu" | known: cpu-cluster, gone',
      ],
    ],
    [
      "nothing",
      {},
      ["400 | urn:penstock:problem:invalid-request", "nothing says which pipeline is meant | give one of: pipeline, runId, draftId"],
    ],
    [
      "two things",
      { pipeline: saying(), runId: NOBODY },
      ["400 | urn:penstock:problem:invalid-request", "/runId | pipeline and runId are given | give one of them"],
    ],
    [
      "what has no name",
      { pipeline: { steps: saying().steps.map((step) => ({ ...step, parameters: { word: "x" } })) } },
      ["400 | urn:penstock:problem:invalid-request", "/name | this is missing | give a name, here or in the pipeline"],
    ],
    [
      "a run that is not there",
      { runId: NOBODY },
      [
        `404 | urn:penstock:problem:not-found | pipeline run "${NOBODY}" is not in this workspace | GET /api/runs lists them; a step run has no graph`,
      ],
    ],
    [
      "a draft that is not there",
      { draftId: NOBODY },
      [`404 | urn:penstock:problem:not-found | pipeline draft "${NOBODY}" is not in this workspace | GET /api/pipeline-drafts lists them`],
    ],
  ])("%s", async (_what, body, expected) => {
    expect(refusal(await api.post("published-pipelines", body))).toEqual(expected);
    expect((await api.get("published-pipelines?includeDisabled=true")).body.pipelines).toEqual([]);
  });

  test("a draft that cannot run, and says which of its steps and values are wrong", async () => {
    const { body: draft } = await api.post("pipeline-drafts", {
      pipeline: saying({ steps: [{ key: "say", type: "CommandStep", command: ["true"], compute: "gpu" }] }),
      parameters: { speed: 1 },
    });

    for (const answer of [
      await api.post("published-pipelines", { draftId: draft.id }),
      await api.post(`pipeline-drafts/${draft.id}/publish`),
    ])
      expect(refusal(answer)).toEqual([
        "422 | urn:penstock:problem:invalid-pipeline",
        'parameter "speed": the pipeline declares no parameter "speed" | it declares: word',
        'step "say": the workspace has no compute "gpu" | known: cpu-cluster, gone',
      ]);
  });
});

describe("submitting a published pipeline refuses", () => {
  const typed = {
    parameters: {
      size: { type: "string", allowed: ["small", "large"] },
      n: { type: "int", default: 2, minimum: 1, maximum: 3 },
      where: { type: "datapath", default: { datastore: "workspaceblobstore", path: "in" } },
    },
    steps: [{ key: "say", type: "CommandStep", command: ["true"] }],
  };

  test.each<[string, object, string[]]>([
    [
      "a parameter that is missing",
      {},
      [
        "422 | urn:penstock:problem:invalid-pipeline",
        '/parameters | parameter "size" has no default, and no value was given | give "size" a value of type string, such as "small"',
      ],
    ],
    [
      "a parameter that is not known",
      { size: "small", speed: 1 },
      [
        "422 | urn:penstock:problem:invalid-pipeline",
        '/parameters/speed | the pipeline declares no parameter "speed" | it declares: size, n, where',
      ],
    ],
    [
      "values of the wrong type, out of range and not allowed, all at once",
      { size: "medium", n: "many", where: "in" },
      [
        "422 | urn:penstock:problem:invalid-pipeline",
        '/parameters/size | "medium" is not among the values that parameter "size" may have | allowed: "small", "large"',
        '/parameters/n | "many" is no int | parameter "n" is of type int, by default 2',
        '/parameters/where | "in" is no datapath | parameter "where" is of type datapath, by default {"datastore":"workspaceblobstore","path":"in"}',
      ],
    ],
    [
      "a number out of range",
      { size: "small", n: 4 },
      ["422 | urn:penstock:problem:invalid-pipeline", '/parameters/n | 4 is out of the range of parameter "n" | give 1 to 3'],
    ],
    [
      "a path that leads out of its datastore",
      { size: "small", where: { datastore: "workspaceblobstore", path: "../secrets" } },
      [
        "400 | urn:penstock:problem:invalid-request",
        `/parameters/where/path | a relative path with '/' between its parts (255 bytes each); no '..', '.', '\\', empty part or control character; it is "../secrets"`,
      ],
    ],
    [
      "a datastore that is not there",
      { size: "small", where: { datastore: "nowhere", path: "in" } },
      [
        "422 | urn:penstock:problem:invalid-pipeline",
        '/parameters/where/datastore | the workspace has no datastore "nowhere" | known: workspaceartifactstore, workspaceblobstore',
      ],
    ],
  ])("%s", async (_what, parameters, expected) => {
    const id = await publish({ pipeline: typed });

    expect(refusal(await api.post(`published-pipelines/${id}/runs`, { parameters }))).toEqual(expected);
    expect((await api.get("runs")).body.runs).toEqual([]);
  });

  test("what is not there", async () => {
    expect(refusal(await api.post(`published-pipelines/${NOBODY}/runs`))).toEqual([
      `404 | urn:penstock:problem:not-found | published pipeline "${NOBODY}" is not in this workspace | GET /api/published-pipelines?includeDisabled=true lists all`,
    ]);
  });
});

describe("a pipeline endpoint", () => {
  test("begins with version 0 as its default, and is found by id and by name", async () => {
    const { id, pipelineId } = await anEndpoint({ id: OLD_ID, description: "d" });

    const [byId, byName] = [await api.get(`pipeline-endpoints/${id.toUpperCase()}`), await api.get("pipeline-endpoints/say")];

    expect(byName.body).toEqual(byId.body);
    expect(byId.body).toEqual({
      id: OLD_ID,
      name: "say",
      description: "d",
      status: "Active",
      defaultVersion: "0",
      versions: [{ version: "0", pipelineId }],
      tags: {},
      properties: {},
      createdAt: "2026-07-01T00:00:00.000Z",
      createdBy: { objectId: "ada", tenantId: "tenant" },
      modifiedAt: "2026-07-01T00:00:00.000Z",
    });
  });

  test("gets a version for each pipeline, and none for one it has", async () => {
    const { id, pipelineId } = await anEndpoint();
    const second = await publish();

    const added = await api.post(`pipeline-endpoints/${id}/versions`, { pipelineId: second });
    const again = await api.post("pipeline-endpoints/say/versions", { pipelineId, setDefault: true });
    const asDefault = await api.post("pipeline-endpoints/say/versions", { pipelineId: second, setDefault: true });

    expect(added.body).toMatchObject({
      defaultVersion: "0",
      versions: [
        { version: "0", pipelineId },
        { version: "1", pipelineId: second },
      ],
    });
    expect(again.body).toEqual(added.body);
    expect(asDefault.body).toMatchObject({ defaultVersion: "1", versions: added.body.versions });
  });

  test("gives those who add at once a version each", async () => {
    await anEndpoint();
    const more = [await publish(), await publish(), await publish()];

    await Promise.all(more.map((pipelineId) => api.post("pipeline-endpoints/say/versions", { pipelineId })));

    const { versions } = (await api.get("pipeline-endpoints/say")).body;
    expect(versions.map(({ version }: { version: string }) => version)).toEqual(["0", "1", "2", "3"]);
    expect(
      versions
        .slice(1)
        .map(({ pipelineId }: { pipelineId: string }) => pipelineId)
        .sort(),
    ).toEqual([...more].sort());
  });

  test("runs its default version, or the one that is named, and the run says which", async () => {
    const { id, pipelineId } = await anEndpoint();
    const second = await publish({ pipeline: saying({ parameters: { word: { type: "string", default: "second" } } }) });
    await api.post(`pipeline-endpoints/${id}/versions`, { pipelineId: second });

    const [byDefault, named] = [
      await api.post("pipeline-endpoints/say/runs"),
      await api.post("pipeline-endpoints/say/runs", { version: "1" }),
    ];
    await api.send("PATCH", "pipeline-endpoints/say", { defaultVersion: "1" });
    const changed = await api.post(`pipeline-endpoints/${id}/runs`, { parameters: { word: "third" } });

    expect([byDefault, named, changed].map(({ status }) => status)).toEqual([202, 202, 202]);
    expect(byDefault.body).toMatchObject({ pipelineId, pipelineEndpointId: id, pipelineEndpointVersion: "0" });
    expect(changed.body).toMatchObject({ pipelineId: second, pipelineEndpointId: id, pipelineEndpointVersion: "1" });
    expect(await Promise.all([byDefault, named, changed].map(({ body }) => said(body.id)))).toEqual([
      "echo 'hello'",
      "echo 'second'",
      "echo 'third'",
    ]);
  });

  test("finds the run of the first time for the same key, although its default is another by then", async () => {
    await anEndpoint();
    const submit = () => api.post("pipeline-endpoints/say/runs", {}, { "idempotency-key": "k" });
    const first = await submit();
    await api.post("pipeline-endpoints/say/versions", { pipelineId: await publish(), setDefault: true });

    expect((await submit()).body.id).toBe(first.body.id);
  });

  test.each([
    ["disable", "enable", "Disabled", "disabled", "enable it"],
    ["archive", "reactivate", "Archived", "archived", "reactivate it"],
  ])("is hidden and refuses to run after %s, until %s", async (away, back, status, word, remedy) => {
    const { id } = await anEndpoint();
    const listed = async (query = "") =>
      (await api.get(`pipeline-endpoints${query}`)).body.endpoints.map((each: { status: string }) => each.status);

    for (let twice = 0; twice < 2; twice++) expect((await api.post(`pipeline-endpoints/say/${away}`)).body.status).toBe(status);

    expect([await listed(), await listed("?includeDisabled=true")]).toEqual([[], [status]]);
    expect(refusal(await api.post("pipeline-endpoints/say/runs"))).toEqual([
      `409 | urn:penstock:problem:disabled | pipeline endpoint "say" is ${word} | ${remedy} with POST /api/pipeline-endpoints/${id}/${back}`,
    ]);
    for (let twice = 0; twice < 2; twice++) expect((await api.post(`pipeline-endpoints/say/${back}`)).body.status).toBe("Active");
    expect((await api.post("pipeline-endpoints/say/runs")).status).toBe(202);
  });

  test("that is archived is not enabled, and one that is disabled is not reactivated", async () => {
    const { id } = await anEndpoint();
    await api.post("pipeline-endpoints/say/disable");

    expect(refusal(await api.post("pipeline-endpoints/say/reactivate"))).toEqual([
      `409 | urn:penstock:problem:conflict | pipeline endpoint "say" is disabled, and reactivate is not for that | enable it with POST /api/pipeline-endpoints/${id}/enable`,
    ]);
    await api.post("pipeline-endpoints/say/archive");
    expect(refusal(await api.post("pipeline-endpoints/say/enable"))).toEqual([
      `409 | urn:penstock:problem:conflict | pipeline endpoint "say" is archived, and enable is not for that | reactivate it with POST /api/pipeline-endpoints/${id}/reactivate`,
    ]);
  });

  test("has a name of its own, which it may give up for another", async () => {
    const { id, pipelineId } = await anEndpoint();
    const make = (name: string) => api.post("pipeline-endpoints", { name, pipelineId });

    expect(refusal(await make("say"))).toEqual([
      '409 | urn:penstock:problem:conflict | pipeline endpoint "say" is there already | choose another name, or add a version to that one: POST /api/pipeline-endpoints/{name}/versions',
    ]);
    expect((await api.send("PATCH", "pipeline-endpoints/say", { name: "speak" })).body).toMatchObject({ id, name: "speak" });
    expect((await api.get("pipeline-endpoints/say")).status).toBe(404);
    const second = await make("say");
    expect(second.status).toBe(201);
    expect(refusal(await api.send("PATCH", "pipeline-endpoints/say", { name: "speak" }))[0]).toContain(
      "409 | urn:penstock:problem:conflict",
    );
    expect((await api.get("pipeline-endpoints/say")).body.id).toBe(second.body.id);
  });

  test("has its name to itself when many make it at once", async () => {
    const pipelineId = await publish();

    const made = await Promise.all([1, 2, 3].map(() => api.post("pipeline-endpoints", { name: "say", pipelineId })));

    expect(made.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expect((await api.get("pipeline-endpoints")).body.endpoints).toHaveLength(1);
  });

  test("gets a name whose claim was left by somebody who died, a minute later", async () => {
    const pipelineId = await publish();
    await rig.pipelines.claimEndpointName("say", { id: NOBODY, at: new Date(rig.clock.now()).toISOString() });

    expect((await api.post("pipeline-endpoints", { name: "say", pipelineId })).status).toBe(409);
    await rig.pass(60_000);
    expect((await api.post("pipeline-endpoints", { name: "say", pipelineId })).status).toBe(201);
  });

  test.each<[string, string, object, string]>([
    [
      "an endpoint that is not there",
      "pipeline-endpoints/nobody/runs",
      {},
      '404 | urn:penstock:problem:not-found | pipeline endpoint "nobody" is not in this workspace | GET /api/pipeline-endpoints?includeDisabled=true lists all',
    ],
    [
      "a version that is not there",
      "pipeline-endpoints/say/runs",
      { version: "1" },
      '404 | urn:penstock:problem:not-found | version "1" is not in pipeline endpoint "say" | its only version is "0"',
    ],
    [
      "a pipeline that is not there",
      "pipeline-endpoints/say/versions",
      { pipelineId: NOBODY },
      `404 | urn:penstock:problem:not-found | published pipeline "${NOBODY}" is not in this workspace | GET /api/published-pipelines?includeDisabled=true lists all`,
    ],
    ["a version that is no number", "pipeline-endpoints/say/runs", { version: "01" }, "400 | urn:penstock:problem:invalid-request"],
  ])("refuses %s", async (_what, path, body, expected) => {
    await anEndpoint();

    expect(refusal(await api.post(path, body))[0]).toBe(expected);
  });

  test("refuses to run a version whose pipeline is disabled, and names both", async () => {
    const { pipelineId } = await anEndpoint();
    await api.post(`published-pipelines/${pipelineId}/disable`);

    expect(refusal(await api.post("pipeline-endpoints/say/runs"))).toEqual([
      `409 | urn:penstock:problem:disabled | version "0" of pipeline endpoint "say": published pipeline "say" is disabled | enable it with POST /api/published-pipelines/${pipelineId}/enable`,
    ]);
  });

  test("refuses a default version that is not there, and takes nothing of the request", async () => {
    await anEndpoint();

    expect(refusal(await api.send("PATCH", "pipeline-endpoints/say", { defaultVersion: "4", description: "new" }))[0]).toContain("404 |");
    expect((await api.get("pipeline-endpoints/say")).body).not.toHaveProperty("description");
  });
});

describe("a pipeline draft", () => {
  test("changes in all it has, and what was made of it stays as it was", async () => {
    const { body: draft, status } = await api.post("pipeline-drafts", {
      pipeline: saying(),
      parameters: { word: "one" },
      tags: { a: "b" },
    });
    const first = await api.post(`pipeline-drafts/${draft.id}/runs`);
    const published = await api.post(`pipeline-drafts/${draft.id}/publish`, { name: "p" });

    const { body: changed } = await api.send("PATCH", `pipeline-drafts/${draft.id}`, {
      name: "other",
      description: "d",
      experimentName: "elsewhere",
      pipeline: saying({ parameters: { word: { type: "string" } } }),
      parameters: { word: "two" },
      continueOnStepFailure: true,
      tags: {},
    });
    const second = await api.post(`pipeline-drafts/${draft.id}/runs`);

    expect(status).toBe(201);
    expect(changed).toMatchObject({ name: "other", experimentName: "elsewhere", continueOnStepFailure: true, parameters: { word: "two" } });
    expect((await api.get(`pipeline-drafts/${draft.id}`)).body.pipeline.parameters).toEqual({ word: { type: "string" } });
    expect([await said(first.body.id), await said(second.body.id)]).toEqual(["echo 'one'", "echo 'two'"]);
    expect(first.body).toMatchObject({
      draftId: draft.id,
      experimentName: "say",
      tags: { a: "b" },
      parameters: { word: { value: "one", origin: "draft" } },
    });
    expect(second.body).toMatchObject({ draftId: draft.id, experimentName: "elsewhere", continueOnStepFailure: true, description: "d" });
    expect((await api.get(`published-pipelines/${published.body.id}`)).body.parameters).toEqual({
      word: { type: "string", default: "one" },
    });
  });

  test("takes values for one run over its own", async () => {
    const { body: draft } = await api.post("pipeline-drafts", { pipeline: saying(), parameters: { word: "one" } });

    const run = await api.post(`pipeline-drafts/${draft.id}/runs`, { parameters: { word: "two" } });

    expect(run.body.parameters).toEqual({ word: { value: "two", origin: "submit" } });
    expect((await api.get(`pipeline-drafts/${draft.id}`)).body.parameters).toEqual({ word: "one" });
  });

  test("begins from a run, a published pipeline or another draft", async () => {
    const run = await api.post("runs", {
      experimentName: "e",
      pipeline: saying(),
      parameters: { word: "run" },
      continueOnStepFailure: true,
    });
    const pipelineId = await publish({ name: "p", description: "d" });

    const ofRun = await api.post("pipeline-drafts", { runId: run.body.id });
    const ofPipeline = await api.post("pipeline-drafts", { pipelineId });
    const ofDraft = await api.post("pipeline-drafts", { draftId: ofRun.body.id, name: "copy" });

    expect(ofRun.body).toMatchObject({ name: "say", experimentName: "e", parameters: { word: "run" }, continueOnStepFailure: true });
    expect(ofPipeline.body).toMatchObject({
      name: "p",
      description: "d",
      experimentName: "p",
      parameters: {},
      continueOnStepFailure: false,
    });
    expect(ofDraft.body).toMatchObject({ name: "copy", experimentName: "e", parameters: { word: "run" }, graphId: ofRun.body.graphId });
    expect(new Set([ofRun.body.id, ofPipeline.body.id, ofDraft.body.id]).size).toBe(3);
  });

  test("may be unfinished, and says what is wrong when it is to run", async () => {
    const { body: draft } = await api.post("pipeline-drafts", {
      pipeline: { steps: [{ key: "a", type: "CommandStep", command: ["true"], runAfter: ["nobody"] }], parameters: { n: { type: "int" } } },
    });

    expect(refusal(await api.post(`pipeline-drafts/${draft.id}/runs`))).toEqual([
      "422 | urn:penstock:problem:invalid-pipeline",
      '/parameters | parameter "n" has no default, and no value was given | give "n" a value of type int, such as 10',
      'step "a": there is no step "nobody" | known: a',
    ]);
  });

  test("is listed by tag and page, and is gone when it was deleted", async () => {
    const make = async (tags: object) => (await api.post("pipeline-drafts", { pipeline: saying(), tags })).body.id;
    const ids = [await make({ a: "1" }), await make({ a: "2" }), await make({ b: null }), await make({ a: "1" })];
    const listed = async (query: string) => (await api.get(`pipeline-drafts?${query}`)).body.drafts.map(({ id }: { id: string }) => id);

    expect(await listed("")).toEqual([ids[3], ids[2], ids[1], ids[0]]);
    expect(await listed("tag=a")).toEqual([ids[3], ids[1], ids[0]]);
    expect(await listed("tag=a%3D1")).toEqual([ids[3], ids[0]]);
    expect(await listed("tag=b")).toEqual([ids[2]]);
    const { body: page } = await api.get("pipeline-drafts?tag=a&limit=1");
    expect(await listed(`tag=a&limit=1&cursor=${page.cursor}`)).toEqual([ids[1]]);
    expect((await api.send("DELETE", `pipeline-drafts/${ids[3]}`)).status).toBe(204);
    expect(await listed("tag=a%3D1")).toEqual([ids[0]]);
    expect((await api.get(`pipeline-drafts/${ids[3]}`)).status).toBe(404);
  });
});

test("refuses what is said of a pipeline, endpoint, draft or dataset where it is more than a document holds", async () => {
  const pipelineId = await publish();
  const bodies: [string, object][] = [
    ["published-pipelines", { pipeline: saying() }],
    ["pipeline-drafts", { pipeline: saying() }],
    ["pipeline-endpoints", { name: "full", pipelineId }],
    ["datasets", { name: "iris", datastore: "workspaceblobstore", path: "iris" }],
  ];

  for (const [path, body] of bodies) {
    // As much as the body of a request may have: what the server adds is then too much for a document.
    const beyond = await api.post(path, { ...body, tags: tagsOf(1_048_576 - JSON.stringify({ ...body, tags: {} }).length) });
    expect(refusal(beyond)[0], path).toContain("413 | urn:penstock:problem:too-large | what is kept as one document may have 1048576");
    expect((await api.post(path, { ...body, tags: tagsOf(1_040_000) })).status, path).toBe(201);
  }
});

/** Tags that are so many characters longer than none, as JSON. */
function tagsOf(characters: number): Record<string, string> {
  const names = Array.from({ length: Math.ceil(characters / 8000) }, (_, n) => `t${String(n).padStart(3, "0")}`);
  // Each has its quotes, its colon and, but for the last, a comma.
  const values = characters + 1 - names.length * 10;
  const each = Math.floor(values / names.length);
  return Object.fromEntries(names.map((name, n) => [name, "x".repeat(n === 0 ? values - each * (names.length - 1) : each)]));
}

describe("roles", () => {
  test("a Reader lists, a Submitter submits, an Author publishes, an Admin deletes", async () => {
    const id = await publish();
    const calls: [string, () => Promise<ApiAnswer>][] = [
      ["list", () => api.get("published-pipelines")],
      ["submit", () => api.post(`published-pipelines/${id}/runs`)],
      ["disable", () => api.post(`published-pipelines/${id}/disable`)],
      ["delete", () => api.send("DELETE", `published-pipelines/${id}`)],
    ];
    const allowed: Record<string, string[]> = {};

    for (const role of ["Reader", "Submitter", "Author", "Admin"] as const) {
      api.role = role;
      const done: string[] = [];
      for (const [name, call] of calls) if ((await call()).status !== 403) done.push(name);
      allowed[role] = done;
    }

    expect(allowed).toEqual({
      Reader: ["list"],
      Submitter: ["list", "submit"],
      Author: ["list", "submit", "disable"],
      Admin: ["list", "submit", "disable", "delete"],
    });
  });
});
