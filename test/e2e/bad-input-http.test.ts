import { readFileSync } from "node:fs";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { getRun, listRuns, listSteps, submitRun } from "../../shared/api/routes/runs.ts";
import { listFiles } from "../../shared/api/routes/storage.ts";
import { MAX_STEPS } from "../../shared/domain/pipeline-graph.ts";
import { aStateFolder, removeFolder, startWorkspace, type TestWorkspace, until } from "../support/workspace.ts";

const NOBODY = "00000000-0000-0000-0000-000000000000";
const MIB = 1024 * 1024;
const SHA = "0".repeat(64);
/** What an answer may take on a machine that does much else. */
const PATIENCE_MS = 5_000;

let workspace: TestWorkspace;
let runId: string;
let stepRunId: string;

beforeAll(async () => {
  workspace = await startWorkspace(await aStateFolder());
  const { body } = await workspace.client.call(submitRun, { body: submission(), headers: {} });
  runId = body.id;
  await until(async () => {
    const run = await workspace.client.call(getRun, { params: { runId: body.id } });
    return run.body.status === "Completed" || undefined;
  }, "the first run to complete");
  stepRunId = (await workspace.client.call(listSteps, { params: { runId: body.id } })).body.steps[0]?.runId ?? "";
}, 30_000);
afterAll(async () => {
  await workspace?.end();
  await removeFolder(workspace.stateFolder);
});

interface Sent {
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** Sent in chunks, with no length announced. */
  chunked?: boolean;
}
interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  ms: number;
}

/** Sends a request as it is written: fetch would put right what is to be tried. */
function send(method: string, path: string, { headers = {}, body, chunked = false }: Sent = {}): Promise<Answer> {
  const { hostname, port } = new URL(workspace.file.address);
  const length = body === undefined || chunked ? {} : { "content-length": String(Buffer.byteLength(body)) };
  const type = body === undefined ? {} : { "content-type": "application/json" };
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      hostname,
      port,
      method,
      path,
      headers: { authorization: `Bearer ${workspace.file.token}`, ...type, ...length, ...headers },
    });
    request.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.once("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
          ms: performance.now() - began,
        }),
      );
    });
    request.once("error", reject);
    if (chunked) for (const half of [body?.slice(0, 3), body?.slice(3)]) request.write(half ?? "");
    request.end(chunked ? undefined : body);
  });
}

function step(key = "a", more: object = {}) {
  return { type: "CommandStep" as const, key, command: ["true"], ...more };
}
function submission(more: object = {}) {
  return { experimentName: "bad-input", pipeline: { steps: [step()] }, ...more };
}
function withSteps(...steps: object[]): string {
  return JSON.stringify(submission({ pipeline: { steps } }));
}
function many(count: number, more: (index: number) => object = () => ({})): object[] {
  return Array.from({ length: count }, (_, index) => step(`s${index}`, more(index)));
}
async function runCount(): Promise<number> {
  return (await workspace.client.call(listRuns, { query: { limit: 1000 } })).body.runs.length;
}
function expectRefused(answer: Answer, status: number, text: RegExp): void {
  expect(`${answer.status} ${answer.text}`).toMatch(new RegExp(`^${status} `));
  expect(answer.text).toMatch(text);
  expect(answer.text).not.toMatch(/\n\s+at |node_modules|\.ts:|\.js:/);
  expect(answer.text).not.toContain(workspace.stateFolder);
  expect(answer.ms).toBeLessThan(PATIENCE_MS);
}

describe("a submit that is not as it should be is refused, and nothing is stored", () => {
  const P = '{"experimentName":"x","pipeline":{"parameters":{"p":{"type":"float","default":';
  const Q = '}},"steps":[{"type":"CommandStep","key":"a","command":["true"]}]}}';
  test.each<[string, Sent, number, RegExp]>([
    ["no body", {}, 415, /application\/json/],
    ["an empty body", { body: "" }, 400, /no body/],
    ["half of a JSON text", { body: '{"a":' }, 400, /no JSON/],
    ["a list", { body: "[]" }, 400, /expected object, received array/],
    ["null", { body: "null" }, 400, /expected object, received null/],
    [
      "wrong types",
      { body: '{"experimentName":5,"pipeline":{"steps":"x"}}' },
      400,
      /experimentName.*it is 5.*pipeline\/steps.*it is \\"x\\"/,
    ],
    ["a member that is not known", { body: JSON.stringify(submission({ foo: 1 })) }, 400, /\\"foo\\".*leave it out/],
    [
      "another type of content",
      { body: "a=b", headers: { "content-type": "application/x-www-form-urlencoded" } },
      415,
      /application\/json/,
    ],
    ["no type of content", { body: "{}", headers: { "content-type": "" } }, 415, /application\/json/],
    ["bytes that are no UTF-8", { body: Buffer.from([0x7b, 0xff]) }, 400, /UTF-8/],
    ["chunks of unannounced length", { body: withSteps(step()), chunked: true }, 411, /Content-Length/],
    ["50,000 lists in one another", { body: "[".repeat(50_000) + "]".repeat(50_000) }, 400, /deeper than 64/],
    ["50,000 objects in one another", { body: `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}` }, 400, /deeper than 64/],
    ["10 MB of brackets", { body: "[".repeat(10_000_000) }, 400, /deeper than 64/],
    ["a number beyond all numbers", { body: `${P}1e400${Q}` }, 400, /parameters\/p\/default/],
    ["a member named __proto__", { body: JSON.stringify(submission()).replace("{", '{"__proto__":{"a":1},') }, 400, /__proto__/],
    ["a tag named __proto__", { body: JSON.stringify(submission({ tags: { x: "" } })).replace('"x"', '"__proto__"') }, 400, /__proto__/],
    [
      "a parameter nobody declared",
      { body: JSON.stringify(submission({ parameters: { constructor: 1 } })) },
      422,
      /\/parameters\/constructor.*declares none/,
    ],
    ["a step type that is an object's own", { body: withSteps({ ...step(), type: "constructor" }) }, 400, /steps\/0\/type/],
    ["no steps", { body: withSteps() }, 400, /pipeline\/steps/],
    ["a key with control characters", { body: withSteps(step("a\u001b[31m")) }, 400, /steps\/0\/key.*control characters/],
    ["half a surrogate pair", { body: withSteps(step("\ud800")) }, 400, /steps\/0\/key.*surrogate/],
    ["NUL in a command", { body: withSteps({ ...step(), command: ["a\0b"] }) }, 400, /command\/0.*NUL/],
    [
      "an experiment with a path",
      { body: JSON.stringify(submission({ experimentName: "../.." })) },
      400,
      /experimentName.*it is \\"..\/..\\"/,
    ],
    [
      "an output outside of its datastore",
      { body: withSteps(step("a", { outputs: { o: { path: "../../x" } } })) },
      400,
      /outputs\/o\/path/,
    ],
    ["a step that waits for itself", { body: withSteps(step("a", { runAfter: ["a"] })) }, 422, /a → a/],
    [
      "an output that nobody has",
      { body: withSteps(step(), step("b", { inputs: { i: { source: { step: "a", output: "toString" } } } })) },
      422,
      /no output of step/,
    ],
    ["a compute that is not there", { body: withSteps(step("a", { compute: "gpu" })) }, 422, /steps\/0\/compute.*known: cpu-cluster/],
    [
      "a snapshot that is not there",
      { body: withSteps({ type: "PythonScriptStep", key: "a", snapshotId: SHA, scriptName: "a.py" }) },
      422,
      /snapshotId.*upload it first/,
    ],
    [
      "a script outside of the snapshot",
      { body: withSteps({ type: "PythonScriptStep", key: "a", snapshotId: SHA, scriptName: "../a.py" }) },
      400,
      /scriptName/,
    ],
    [
      "tags that fill more than a document",
      { body: JSON.stringify(submission({ tags: Object.fromEntries(many(200).map((_, i) => [`t${i}`, "x".repeat(8000)])) })) },
      413,
      /1048576/,
    ],
    [
      "an idempotency key that is too long",
      { body: withSteps(step()), headers: { "idempotency-key": "x".repeat(256) } },
      400,
      /headers\/idempotency-key/,
    ],
  ])("%s", async (_what, sent, status, text) => {
    const before = await runCount();

    const answer = await send("POST", "/api/runs", sent);

    expectRefused(answer, status, text);
    expect(await runCount()).toBe(before);
  });

  test("a step too many, a cycle of ten thousand, ten thousand names that nobody has", async () => {
    const cycle = many(10_000, (index) => ({ runAfter: [`s${(index + 1) % 10_000}`] }));
    const unknown = many(10_000, (index) => ({ runAfter: [`none${index}`], compute: `c${index}` }));

    expectRefused(await send("POST", "/api/runs", { body: withSteps(...many(MAX_STEPS + 1)) }), 400, /<=20000 items/);
    expectRefused(await send("POST", "/api/runs", { body: withSteps(...cycle) }), 422, /s1 → s0|s0 → s9999/);
    const answer = await send("POST", "/api/runs", { body: withSteps(...unknown) });
    expectRefused(answer, 422, /none0/);
    expect(JSON.parse(answer.text).errors).toHaveLength(100);
  });

  test("an idempotency key with another body", async () => {
    const headers = { "idempotency-key": crypto.randomUUID() };
    const first = await send("POST", "/api/runs", { headers, body: withSteps(step()) });
    const again = await send("POST", "/api/runs", { headers, body: withSteps(step()) });

    const other = await send("POST", "/api/runs", { headers, body: withSteps(step("b")) });

    expect(JSON.parse(again.text).id).toBe(JSON.parse(first.text).id);
    expectRefused(other, 409, /send a new key/);
  });
});

describe("a body", () => {
  const upload = (bytes: number): string => `{"size":1}${" ".repeat(bytes - 10)}`;

  test("may be as long as its limit, and not a byte longer", async () => {
    const statuses = [];
    for (const bytes of [MIB - 1, MIB, MIB + 1]) statuses.push((await send("POST", "/api/uploads", { body: upload(bytes) })).status);

    expect(statuses).toEqual([201, 201, 413]);
  });

  test("over the host's own limit is refused before it is read", async () => {
    const headers = { "content-length": String(101 * MIB), "content-type": "application/octet-stream" };

    const answer = await send("PUT", `/api/runs/${stepRunId}/artifacts/content?path=x`, { headers, body: "" });

    expectRefused(answer, 413, /104857600 bytes/);
  });
});

describe("a path that no route takes, or a value that no route takes", () => {
  test.each<[string, string, number, RegExp]>([
    ["GET", "/api/nothing", 404, /openapi\.json/],
    ["DELETE", "/api/runs", 405, /it takes GET, POST/],
    ["OPTIONS", "/api/runs", 405, /it takes GET, POST/],
    ["PROPFIND", "/api/runs", 404, /^$/],
    ["GET", "/api/%00", 400, /not well encoded/],
    ["GET", "/api/runs/%ff", 400, /not well encoded/],
    ["GET", `/${"a".repeat(9000)}`, 414, /8192/],
    ["GET", "/api/runs/x", 400, /params\/runId.*it is \\"x\\"/],
    ["GET", "/api/runs/..%2fworkspace", 400, /params\/runId/],
    ["GET", `/api/runs/${NOBODY}`, 404, /list runs with/],
    ["GET", `/api/runs/${NOBODY}/steps`, 404, /pipeline run/],
    ["GET", `/api/runs/${NOBODY}/logs`, 404, /step run/],
    ["POST", `/api/runs/${NOBODY}/cancel`, 404, /pipeline run/],
    ["GET", "/api/computes/constructor", 404, /known: cpu-cluster/],
    ["GET", "/api/datastores/..%2f..", 400, /params\/name/],
    ["GET", `/api/snapshots/${"A".repeat(64)}`, 400, /lower-case hexadecimal/],
    ["GET", "/api/runs?limit=0", 400, /query\/limit.*>=1; it is 0/],
    ["GET", "/api/runs?limit=1e9", 400, /query\/limit/],
    ["GET", "/api/runs?limit=-1", 400, /query\/limit/],
    ["GET", "/api/runs?limit=1&limit=2", 400, /twice/],
    ["GET", "/api/runs?cursor=..%2f", 400, /query\/cursor/],
    ["GET", "/api/runs?status=Finished", 400, /Completed/],
    ["GET", "/api/runs?experimentName=%27", 400, /query\/experimentName/],
    ["GET", "/api/datastores/workspaceblobstore/files?limit=1001", 400, /query\/limit/],
    ...["..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd", "a%00b", "a%5cb", "a%2f%2fb", "%2e", "x".repeat(300), "%ff", ""].map(
      (path) =>
        ["GET", `/api/datastores/workspaceblobstore/files/content?path=${path}`, 400, /\/query/] as [string, string, number, RegExp],
    ),
    ["GET", "/api/datastores/workspaceblobstore/files/content?path=none", 404, /\\"none\\"/],
  ])("%s %s is a %i", async (method, path, status, text) => {
    expectRefused(await send(method, path), status, text);
  });

  test("a wait may be any part of a second", async () => {
    const { status } = await send("GET", `/api/runs/${runId}?waitSeconds=0.0123456789&after=x`);

    expect(status).toBe(200);
  });
});

describe("what a step stores", () => {
  const artifact = (path: string) => `/api/runs/${stepRunId}/artifacts/content?path=${path}`;
  const type = { "content-type": "application/octet-stream" };

  test("keeps to its place, is one of file and folder, and is read by ranges that are there", async () => {
    await send("PUT", artifact("d/x"), { body: "0123456789", headers: type });

    expectRefused(await send("PUT", artifact("..%2fx"), { body: "x", headers: type }), 400, /query\/path/);
    expectRefused(await send("PUT", artifact("d"), { body: "x", headers: type }), 400, /both a file and a folder/);
    expectRefused(await send("PUT", artifact("d/x/y"), { body: "x", headers: type }), 400, /both a file and a folder/);
    expectRefused(await send("PUT", artifact("c"), { body: "hello", headers: type, chunked: true }), 411, /Content-Length/);
    expectRefused(await send("GET", artifact("c")), 404, /\\"c\\"/);
    const past = await send("GET", artifact("d/x"), { headers: { range: "bytes=10-" } });
    expectRefused(past, 416, /10 bytes/);
    expect(past.headers["content-range"]).toBe("bytes */10");
    expect((await send("GET", artifact("d/x"), { headers: { range: "bytes=2-4" } })).text).toBe("234");
  });

  test("a property is written once, also one that is named like a member of every object", async () => {
    const patch = async (properties: object) => await send("PATCH", `/api/runs/${runId}`, { body: JSON.stringify({ properties }) });

    const statuses = [await patch({ constructor: "1" }), await patch({ constructor: "1" })].map(({ status }) => status);

    expect(statuses).toEqual([200, 200]);
    expectRefused(await patch({ constructor: "2" }), 409, /constructor.*use a tag/);
    expectRefused(await patch({ "azureml.runsource": "x" }), 409, /azureml\.runsource/);
    expectRefused(await patch({ a: 5 }), 400, /properties\/a.*it is 5/);
  });

  test("metrics are what they can be", async () => {
    const batch = (entry: object, more: object = {}) => ({
      body: JSON.stringify({
        batchId: crypto.randomUUID(),
        order: 1,
        entries: [{ kind: "scalar", name: "m", value: 1, time: "2026-01-01T00:00:00Z", ...entry }],
        ...more,
      }),
    });
    const path = `/api/runs/${stepRunId}/metrics`;

    expectRefused(await send("POST", path, batch({ value: [1] })), 400, /entries\/0\/value/);
    expectRefused(await send("POST", path, batch({ time: "yesterday" })), 400, /entries\/0\/time.*yesterday/);
    expectRefused(await send("POST", path, batch({}, { entries: [] })), 400, /entries/);
    expectRefused(await send("POST", path, batch({}, { batchId: "x" })), 400, /batchId.*it is \\"x\\"/);
  });
});

describe("uploads and snapshots", () => {
  const begin = async (size: number): Promise<string> =>
    JSON.parse((await send("POST", "/api/uploads", { body: JSON.stringify({ size }) })).text).uploadId;
  const part = (id: string, number: number | string, body: Uint8Array | string) =>
    send("PUT", `/api/uploads/${id}/parts/${number}`, { body, headers: { "content-type": "application/octet-stream" } });
  const commit = (id: string, target: object) => send("POST", `/api/uploads/${id}/commit`, { body: JSON.stringify(target) });
  const file = (path: string, datastore = "workspaceblobstore") => ({ kind: "file", datastore, path, sha256: SHA });

  test("parts come in any order, each as long as it is, and all before the commit", async () => {
    const id = await begin(8 * MIB + 3);

    expect((await part(id, 1, "abc")).status).toBe(204);
    expectRefused(await commit(id, file("u.bin")), 400, /part 0 .* is not there/);
    expectRefused(await part(id, 0, "abc"), 400, /part 0 of 2 has 8388608 bytes.*3 were sent/);
    expectRefused(await part(id, 0, new Uint8Array(8 * MIB + 1)), 413, /8388608/);
    expectRefused(await part(id, 2, "abc"), 400, /no part 2/);
    expectRefused(await part(id, -1, "abc"), 400, /params\/part/);
    expect((await part(id, 0, new Uint8Array(8 * MIB))).status).toBe(204);
    expectRefused(await commit(id, file("u.bin")), 400, /do not have the sha256/);
    expectRefused(await part(NOBODY, 0, "abc"), 404, /begin one with POST/);
    const { body } = await workspace.client.call(listFiles, { params: { name: "workspaceblobstore" }, query: { prefix: "u.bin" } });
    expect(body.files).toEqual([]);
  });

  test.each<[string, object, number, RegExp]>([
    ["a path that leads out", file("../x"), 400, /\/path/],
    ["a path from the root", file("/x"), 400, /\/path/],
    ["a datastore that is not there", file("x", "nope"), 404, /known: /],
    ["the app's own container", file("x", "snapshots"), 404, /known: /],
    ["a pack of another length", { kind: "pack", files: [{ sha256: SHA, size: 2 }] }, 400, /2 bytes together/],
    ["a kind that is not known", { kind: "__proto__" }, 400, /\/kind/],
  ])("an upload is not committed to %s", async (_what, target, status, text) => {
    const id = await begin(3);
    await part(id, 0, "abc");

    expectRefused(await commit(id, target), status, text);
  });

  test.each([["-1"], ["1.5"], ['"5"'], ["1e18"], ["null"]])("an upload of %s bytes is not begun", async (size) => {
    expectRefused(await send("POST", "/api/uploads", { body: `{"size":${size}}` }), 400, /\/size/);
  });

  const entry = (path: string, more: object = {}) => ({ path, size: 3, mode: "644", sha256: SHA, ...more });
  test.each<[string, object[], number, RegExp]>([
    ["a path that leads out", [entry("../a")], 400, /files\/0\/path/],
    ["a path from the root", [entry("/a")], 400, /files\/0\/path/],
    ["a backslash", [entry("a\\b")], 400, /files\/0\/path/],
    ["names that differ in case", [entry("A"), entry("a")], 400, /only in case/],
    ["names that differ in how accents are written", [entry("e\u0301"), entry("\u00e9")], 400, /accents/],
    ["a file that is a folder too", [entry("a"), entry("a/b")], 400, /needs it to be a folder/],
    ["files out of order", [entry("b"), entry("a")], 400, /sort the files/],
    ["a mode", [entry("a", { mode: "777" })], 400, /files\/0\/mode/],
    ["a size below nothing", [entry("a", { size: -1 })], 400, /files\/0\/size/],
    ["more bytes than it may have", [entry("a", { size: 10 ** 12 })], 413, /\.amlignore/],
    ["more files than it may have", Array.from({ length: 2001 }, (_, i) => entry(String(i).padStart(5, "0"))), 413, /2000/],
  ])("a snapshot is not made with %s", async (_what, files, status, text) => {
    expectRefused(await send("POST", "/api/snapshots", { body: JSON.stringify({ files }) }), status, text);
  });
});

describe("who calls", () => {
  test.each<[string, Record<string, string>]>([
    ["nobody", { authorization: "" }],
    ["another scheme", { authorization: "Basic YTpi" }],
    ["garbage", { authorization: "Bearer a.b.c" }],
    ["a token without a signature", { authorization: `Bearer ${Buffer.from('{"alg":"none"}').toString("base64url")}.e30.x` }],
    ["a token that is far too long", { authorization: `Bearer ${"a".repeat(9000)}.b.c` }],
    [
      "App Service's header, which anybody can send",
      { authorization: "", "x-ms-client-principal": Buffer.from('{"roles":["Admin"]}').toString("base64") },
    ],
    ["a function key", { authorization: "", "x-functions-key": "x" }],
  ])("is not let in: %s", async (_what, headers) => {
    expectRefused(await send("GET", "/api/runs", { headers }), 401, /Who is calling is not known.*access token/);
  });

  test.each(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])("a page of another site gets nowhere by %s", async (method) => {
    const answers = [
      await send(method, "/api/runs", { headers: { origin: "http://evil.example" } }),
      await send(method, "/api/runs", { headers: { host: "evil.example" } }),
      await send(method, "/admin/host/status", { headers: { origin: "null" } }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
  });

  test.each([
    "/admin/host/status",
    "/ADMIN/host/keys",
    "/%61dmin/functions",
    "/runtime/webhooks/durabletask/instances",
    "/api/../admin/host/keys",
  ])("%s needs the host's own key", async (path) => {
    expect((await send("GET", path)).status).toBe(401);
    expect((await send("POST", path, { body: "{}" })).status).toBe(401);
  });
});

test("after all of it the workspace is as it was, and has logged no bug", async () => {
  const answer = await send("GET", "/api/workspace");

  expect(answer.status).toBe(200);
  expect(workspace.process.exitCode).toBeNull();
  expect(readFileSync(join(workspace.stateFolder, "logs", "host.log"), "utf8")).not.toMatch(/ error /);
});
