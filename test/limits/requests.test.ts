import { describe, expect, test } from "vitest";
import { parseJson } from "../../functions/parse-json.ts";
import type { Route } from "../../shared/api/route.ts";
import { putEnvironment } from "../../shared/api/routes/catalog.ts";
import { registerDataset } from "../../shared/api/routes/datasets.ts";
import { listPipelineDrafts } from "../../shared/api/routes/pipeline-drafts.ts";
import { createPipelineEndpoint } from "../../shared/api/routes/pipeline-endpoints.ts";
import { publishPipeline } from "../../shared/api/routes/published-pipelines.ts";
import { createChildRun, getArtifact, logMetrics } from "../../shared/api/routes/run-content.ts";
import { getRun, listRuns, patchRun, submitRun } from "../../shared/api/routes/runs.ts";
import { createSchedule, previewSchedule } from "../../shared/api/routes/schedules.ts";
import { checkFiles, createSnapshot, getFile } from "../../shared/api/routes/storage.ts";
import { anId } from "../support/graphs.ts";
import { type Asked, ask } from "./ask.ts";

const x = (count: number) => "x".repeat(count);
const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));
const members = (count: number, value: unknown) => Object.fromEntries(many(count, (index) => [`m${index}`, value]));
const step = (more: object = {}, index = 0) => ({ type: "CommandStep", key: `s${index}`, command: ["true"], ...more });
const submit = (more: object = {}, pipeline: object = {}): Asked => ({
  body: { experimentName: "e", pipeline: { steps: [step()], ...pipeline }, ...more },
});
const withStep = (more: object): Asked => submit({}, { steps: [step(more)] });
const metric = (more: object, count = 1): Asked => ({
  body: {
    batchId: crypto.randomUUID(),
    order: 1,
    entries: Array(count).fill({ kind: "scalar", name: "m", value: 1, time: "2026-01-01T00:00:00Z", ...more }),
  },
});
const environment = (spec: object): Asked => ({ body: { spec } });
const path = (length: number) =>
  `${`${x(100)}/`
    .repeat(11)
    .slice(0, length - 1)
    .replace(/\/$/, "y")}z`;
const file = (name: string) => ({ path: name, size: 1, sha256: "0".repeat(64) });

const trigger = (more: object): Asked => ({ body: { trigger: { kind: "recurrence", frequency: "Week", ...more } } });
const schedule = (more: object): Asked => ({
  body: { name: "s", experimentName: "e", trigger: { kind: "blobChange", datastore: "d" }, ...more },
});
const watch = (more: object) => schedule({ trigger: { kind: "blobChange", datastore: "d", ...more } });

/** Row of docs/limits.md, what it is tried with, a request at the limit and one beyond it, and what is said of the latter. */
const EDGES: readonly [row: string, tried: string, route: Route, atLimit: Asked, beyond: Asked, refusal: RegExp][] = [
  [
    "wait of a GET (`waitSeconds`)",
    "waitSeconds",
    getRun,
    { query: { waitSeconds: "25" } },
    { query: { waitSeconds: "25.1" } },
    /query\/waitSeconds.*<=25; it is 25\.1/,
  ],
  [
    "items on a page (`limit`)",
    "limit",
    listRuns,
    { query: { limit: "1000" } },
    { query: { limit: "1001" } },
    /query\/limit.*<=1000; it is 1001/,
  ],
  [
    "members of an object whose names are the caller's",
    "tags",
    patchRun,
    { body: { tags: members(10_000, "") } },
    { body: { tags: members(10_001, "") } },
    /\/tags.*10000 members, and this has more/,
  ],
  [
    "steps of a pipeline",
    "steps",
    submitRun,
    submit({}, { steps: many(20_000, (i) => step({}, i)) }),
    submit({}, { steps: many(20_001, (i) => step({}, i)) }),
    /pipeline\/steps.*<=20000 items/,
  ],
  [
    "tries of a step (`retry.maxAttempts`)",
    "tries",
    submitRun,
    withStep({ retry: { maxAttempts: 20 } }),
    withStep({ retry: { maxAttempts: 21 } }),
    /steps\/0\/retry\/maxAttempts.*<=20/,
  ],
  ...["backoffSeconds", "maxBackoffSeconds"].map((member): (typeof EDGES)[number] => [
    "pause between two tries of a step",
    member,
    submitRun,
    withStep({ retry: { maxAttempts: 2, [member]: 86_400 } }),
    withStep({ retry: { maxAttempts: 2, [member]: 86_401 } }),
    new RegExp(`retry/${member}.*<=86400`),
  ]),
  [
    "words of a command or of arguments",
    "words",
    submitRun,
    withStep({ command: Array(10_000).fill("a") }),
    withStep({ command: Array(10_001).fill("a") }),
    /steps\/0\/command.*<=10000 items/,
  ],
  [
    "words of a command or of arguments",
    "arguments",
    submitRun,
    withStep({
      type: "PythonScriptStep",
      command: undefined,
      scriptName: "a.py",
      snapshotId: "0".repeat(64),
      arguments: Array(10_000).fill("a"),
    }),
    withStep({
      type: "PythonScriptStep",
      command: undefined,
      scriptName: "a.py",
      snapshotId: "0".repeat(64),
      arguments: Array(10_001).fill("a"),
    }),
    /steps\/0\/arguments.*<=10000 items/,
  ],
  [
    "words of a command or of arguments",
    "characters of a word",
    submitRun,
    withStep({ command: [x(65_536)] }),
    withStep({ command: [x(65_537)] }),
    /steps\/0\/command\/0.*<=65536 characters/,
  ],
  [
    "parameter value, value of an environment variable",
    "a parameter",
    submitRun,
    submit({ parameters: { p: x(65_536) } }),
    submit({ parameters: { p: x(65_537) } }),
    /parameters\/p.*<=65536 characters/,
  ],
  [
    "parameter value, value of an environment variable",
    "a default",
    submitRun,
    submit({}, { parameters: { p: { type: "string", default: x(65_536) } } }),
    submit({}, { parameters: { p: { type: "string", default: x(65_537) } } }),
    /parameters\/p\/default.*<=65536 characters/,
  ],
  [
    "parameter value, value of an environment variable",
    "a variable",
    submitRun,
    withStep({ environmentVariables: { V: x(65_536) } }),
    withStep({ environmentVariables: { V: x(65_537) } }),
    /environmentVariables\/V.*<=65536 characters/,
  ],
  [
    "parameter value, value of an environment variable",
    "NUL",
    submitRun,
    submit({ parameters: { p: "\u0001" } }),
    submit({ parameters: { p: "\u0000" } }),
    /parameters\/p.*no NUL/,
  ],
  [
    "name of an experiment, compute, datastore, environment",
    "experiment",
    submitRun,
    submit({ experimentName: x(255) }),
    submit({ experimentName: x(256) }),
    /experimentName.*255 at most/,
  ],
  [
    "name of an experiment, compute, datastore, environment",
    "compute",
    submitRun,
    withStep({ compute: x(255) }),
    withStep({ compute: x(256) }),
    /steps\/0\/compute.*letters, digits/,
  ],
  [
    "name of an experiment, compute, datastore, environment",
    "environment",
    putEnvironment,
    { params: { name: x(255) }, body: { spec: {} } },
    { params: { name: x(256) }, body: { spec: {} } },
    /params\/name.*letters, digits/,
  ],
  [
    "name of an experiment, compute, datastore, environment",
    "its first character",
    getFile,
    { params: { name: "9-_" }, query: { path: "a" } },
    { params: { name: "-9_" }, query: { path: "a" } },
    /params\/name.*starting with a letter or digit/,
  ],
  [
    "name of a port or parameter",
    "port",
    submitRun,
    withStep({ outputs: { [x(255)]: {} } }),
    withStep({ outputs: { [x(256)]: {} } }),
    /outputs.*not starting with a digit/,
  ],
  [
    "name of a port or parameter",
    "parameter",
    submitRun,
    submit({ parameters: { [x(255)]: 1 } }),
    submit({ parameters: { [x(256)]: 1 } }),
    /parameters.*not starting with a digit/,
  ],
  [
    "name of a dataset or pipeline endpoint",
    "dataset",
    registerDataset,
    { body: { name: x(200), datastore: "d", path: "p" } },
    { body: { name: x(201), datastore: "d", path: "p" } },
    /name.*200 at most/,
  ],
  [
    "name of a dataset or pipeline endpoint",
    "endpoint",
    createPipelineEndpoint,
    { body: { name: "a b.c-d_9", pipelineId: anId(1) } },
    { body: { name: anId(2), pipelineId: anId(1) } },
    /name.*no GUID/,
  ],
  [
    "name and version text of a published pipeline or draft, `runSource`, `parentRunId`",
    "name",
    publishPipeline,
    { body: { name: x(255) } },
    { body: { name: x(256) } },
    /name.*<=255 characters/,
  ],
  [
    "name and version text of a published pipeline or draft, `runSource`, `parentRunId`",
    "version",
    publishPipeline,
    { body: { version: x(255) } },
    { body: { version: x(256) } },
    /version.*<=255 characters/,
  ],
  [
    "name and version text of a published pipeline or draft, `runSource`, `parentRunId`",
    "runSource",
    submitRun,
    submit({ runSource: x(255) }),
    submit({ runSource: x(256) }),
    /runSource.*<=255 characters/,
  ],
  [
    "name and version text of a published pipeline or draft, `runSource`, `parentRunId`",
    "parentRunId",
    submitRun,
    submit({ parentRunId: x(255) }),
    submit({ parentRunId: x(256) }),
    /parentRunId.*255 at most/,
  ],
  [
    "tag that a list of drafts is filtered by (`?tag=`)",
    "tag",
    listPipelineDrafts,
    { query: { tag: x(512) } },
    { query: { tag: x(513) } },
    /query\/tag.*<=512 characters/,
  ],
  [
    "values that a parameter allows",
    "allowed",
    submitRun,
    submit({}, { parameters: { p: { type: "int", allowed: Array(1000).fill(1) } } }),
    submit({}, { parameters: { p: { type: "int", allowed: Array(1001).fill(1) } } }),
    /parameters\/p\/allowed.*<=1000 items/,
  ],
  [
    "step key, display name, name of a tag or property",
    "key",
    submitRun,
    withStep({ key: x(255) }),
    withStep({ key: x(256) }),
    /steps\/0\/key.*<=255 characters/,
  ],
  [
    "step key, display name, name of a tag or property",
    "control characters in a key",
    submitRun,
    withStep({ key: " ä~" }),
    withStep({ key: "\t" }),
    /steps\/0\/key.*no control characters/,
  ],
  [
    "step key, display name, name of a tag or property",
    "display name",
    submitRun,
    submit({ displayName: x(255) }),
    submit({ displayName: x(256) }),
    /displayName.*<=255 characters/,
  ],
  [
    "step key, display name, name of a tag or property",
    "name of a child run",
    createChildRun,
    { body: { name: x(255) } },
    { body: { name: x(256) } },
    /name.*<=255 characters/,
  ],
  [
    "step key, display name, name of a tag or property",
    "tag",
    patchRun,
    { body: { tags: { [x(255)]: "" } } },
    { body: { tags: { [x(256)]: "" } } },
    /tags.*<=255 characters/,
  ],
  [
    "step key, display name, name of a tag or property",
    "property",
    patchRun,
    { body: { properties: { [x(255)]: "" } } },
    { body: { properties: { [x(256)]: "" } } },
    /properties.*<=255 characters/,
  ],
  [
    "value of a tag or property",
    "tag",
    patchRun,
    { body: { tags: { t: x(8192) } } },
    { body: { tags: { t: x(8193) } } },
    /tags\/t.*<=8192 characters/,
  ],
  [
    "value of a tag or property",
    "property",
    patchRun,
    { body: { properties: { t: x(8192) } } },
    { body: { properties: { t: x(8193) } } },
    /properties\/t.*<=8192 characters/,
  ],
  [
    "description",
    "of a run",
    submitRun,
    submit({ description: x(4096) }),
    submit({ description: x(4097) }),
    /description.*<=4096 characters/,
  ],
  [
    "description",
    "of a pipeline",
    submitRun,
    submit({}, { description: x(4096) }),
    submit({}, { description: x(4097) }),
    /pipeline\/description.*<=4096 characters/,
  ],
  [
    "conda file of an environment",
    "condaFile",
    putEnvironment,
    environment({ condaFile: x(262_144) }),
    environment({ condaFile: x(262_145) }),
    /spec\/condaFile.*<=262144 characters/,
  ],
  [
    "idempotency key",
    "Idempotency-Key",
    submitRun,
    { ...submit(), headers: { "idempotency-key": x(255) } },
    { ...submit(), headers: { "idempotency-key": x(256) } },
    /headers\/idempotency-key.*<=255 characters/,
  ],
  ["entries of a batch", "entries", logMetrics, metric({}, 1000), metric({}, 1001), /entries.*<=1000 items/],
  [
    "values of a list or of a table's column",
    "list",
    logMetrics,
    metric({ kind: "list", value: Array(10_000).fill(1) }),
    metric({ kind: "list", value: Array(10_001).fill(1) }),
    /entries\/0\/value.*<=10000 items/,
  ],
  [
    "values of a list or of a table's column",
    "column",
    logMetrics,
    metric({ kind: "table", value: { c: Array(10_000).fill(1) } }),
    metric({ kind: "table", value: { c: Array(10_001).fill(1) } }),
    /entries\/0\/value\/c.*<=10000 items/,
  ],
  ["text as a value", "value", logMetrics, metric({ value: x(1024) }), metric({ value: x(1025) }), /entries\/0\/value.*<=1024 characters/],
  ["name of a metric", "name", logMetrics, metric({ name: x(255) }), metric({ name: x(256) }), /entries\/0\/name.*<=255 characters/],
  [
    "path in a datastore or snapshot",
    "file",
    getFile,
    { query: { path: path(1024) } },
    { query: { path: path(1025) } },
    /query\/path.*<=1024 characters/,
  ],
  [
    "path in a datastore or snapshot",
    "snapshot",
    createSnapshot,
    { body: { files: [{ ...file(path(1024)), mode: "644" }] } },
    { body: { files: [{ ...file(path(1025)), mode: "644" }] } },
    /files\/0\/path.*<=1024 characters/,
  ],
  [
    "path in a datastore or snapshot",
    "a part",
    getFile,
    { query: { path: `a/${"ä".repeat(127)}x` } },
    { query: { path: `a/${"ä".repeat(128)}` } },
    /query\/path.*255 bytes each/,
  ],
  [
    "path of a file that a run left",
    "artifact",
    getArtifact,
    { query: { path: path(960) } },
    { query: { path: path(961) } },
    /query\/path.*<=960 characters/,
  ],
  [
    "files in one check",
    "files",
    checkFiles,
    { body: { files: Array(10_000).fill(file("a")) } },
    { body: { files: Array(10_001).fill(file("a")) } },
    /files.*<=10000 items/,
  ],
  ["name of a schedule", "name", createSchedule, schedule({ name: x(255) }), schedule({ name: x(256) }), /\/name.*<=255 characters/],
  ...(["hours", "minutes"] as const).map((name): (typeof EDGES)[number] => {
    const most = name === "hours" ? 24 : 60;
    return [
      "`hours`, `minutes`, `weekDays` of a recurrence",
      name,
      previewSchedule,
      trigger({ [name]: many(most, (n) => n) }),
      trigger({ [name]: many(most + 1, (n) => n % most) }),
      new RegExp(`/trigger/${name}.*<=${most} items`),
    ];
  }),
  [
    "`hours`, `minutes`, `weekDays` of a recurrence",
    "weekDays",
    previewSchedule,
    trigger({ weekDays: Array(7).fill("Monday") }),
    trigger({ weekDays: Array(8).fill("Monday") }),
    /trigger\/weekDays.*<=7 items/,
  ],
  [
    "cron expression",
    "expression",
    previewSchedule,
    trigger({ kind: "cron", frequency: undefined, expression: x(255) }),
    trigger({ kind: "cron", frequency: undefined, expression: x(256) }),
    /trigger\/expression.*<=255 characters/,
  ],
  [
    "ticks to come in one preview",
    "count",
    previewSchedule,
    { body: { trigger: { kind: "cron", expression: "* * * * *" }, count: 100 } },
    { body: { trigger: { kind: "cron", expression: "* * * * *" }, count: 101 } },
    /\/count.*<=100; it is 101/,
  ],
  [
    "polling interval",
    "pollingIntervalMinutes",
    createSchedule,
    watch({ pollingIntervalMinutes: 1440 }),
    watch({ pollingIntervalMinutes: 1441 }),
    /pollingIntervalMinutes.*<=1440; it is 1441/,
  ],
  ...([10, 86_400] as const).map((edge): (typeof EDGES)[number] => [
    "settling time",
    `settleSeconds of ${edge}`,
    createSchedule,
    watch({ batch: { settleSeconds: edge } }),
    watch({ batch: { settleSeconds: edge === 10 ? 9 : 86_401 } }),
    edge === 10 ? /settleSeconds.*>=10; it is 9/ : /settleSeconds.*<=86400; it is 86401/,
  ]),
];

describe.each(EDGES)("%s: %s", (_row, _tried, route, atLimit, beyond, refusal) => {
  test("at the limit is taken", async () => {
    expect(await ask(route, atLimit)).toBe("299 ");
  });

  test("beyond it is a 400 that says so", async () => {
    expect(await ask(route, beyond)).toMatch(new RegExp(`^400 .*urn:penstock:problem:invalid-request.*${refusal.source}`, "s"));
  });
});

describe("nesting of a JSON body", () => {
  const nested = (levels: number) => () => parseJson(Buffer.from("[".repeat(levels) + "]".repeat(levels)), "application/json");

  test("at the limit is taken, and one level more is refused", () => {
    expect(nested(64)).not.toThrow();
    expect(nested(65)).toThrow("the body nests deeper than 64 levels");
  });
});
