import { createHash } from "node:crypto";
import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { getRun, listSteps, submitRun } from "../../shared/api/routes/runs.ts";
import { aStateFolder, removeFolder, startWorkspace, type TestWorkspace, until } from "../support/workspace.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const BYTES = { "content-type": "application/octet-stream" };

let workspace: TestWorkspace;
let runId: string;
let stepRunId: string;

beforeAll(async () => {
  workspace = await startWorkspace(await aStateFolder());
  const files = "for i in $(seq 1001); do : > $AZUREML_DATAREFERENCE_o/$i; done";
  const command = [`${files}; head -c ${MIB + 1} /dev/zero | tr '\\0' x`];
  const { body } = await workspace.client.call(submitRun, {
    body: { experimentName: "limits", pipeline: { steps: [{ type: "CommandStep", key: "a", command, outputs: { o: {} } }] } },
    headers: {},
  });
  await until(
    async () => (await workspace.client.call(getRun, { params: { runId: body.id } })).body.status === "Completed" || undefined,
    "the run to complete",
    60,
  );
  runId = body.id;
  stepRunId = (await workspace.client.call(listSteps, { params: { runId: body.id } })).body.steps[0]?.runId ?? "";
}, 90_000);
afterAll(async () => {
  await workspace?.end();
  await removeFolder(workspace.stateFolder);
});

interface Answer {
  status: number;
  bytes: Buffer;
  text: string;
}

function send(method: string, path: string, body?: Buffer | string, headers: Record<string, string> = {}): Promise<Answer> {
  const { hostname, port } = new URL(workspace.file.address);
  return new Promise((resolve, reject) => {
    const type = body === undefined ? {} : { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) };
    const request = httpRequest({
      hostname,
      port,
      method,
      path,
      headers: { authorization: `Bearer ${workspace.file.token}`, ...type, ...headers },
    });
    request.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.once("end", () => {
        const bytes = Buffer.concat(chunks);
        resolve({ status: response.statusCode ?? 0, bytes, text: bytes.length < 10_000 ? bytes.toString() : "" });
      });
    });
    // A body that is refused is not read to its end.
    request.once("error", (error) => reject(error));
    request.end(body);
  });
}

/** JSON with blanks behind it, so many bytes in all. */
function padded(value: unknown, bytes: number): Buffer {
  const json = Buffer.from(JSON.stringify(value));
  return Buffer.concat([json, Buffer.alloc(bytes - json.length, " ")]);
}

describe.each<[row: string, path: string, value: unknown, limit: number, taken: number]>([
  ["body of a JSON request", "/api/uploads", { size: 1 }, MIB, 201],
  [
    "body of a submit (`POST /api/runs`), of what is forecast, published or drafted, of a snapshot's manifest",
    "/api/runs",
    { experimentName: "limits", pipeline: { steps: [{ type: "CommandStep", key: "a", command: ["true"] }] } },
    32 * MIB,
    202,
  ],
  [
    "body of a submit (`POST /api/runs`), of what is forecast, published or drafted, of a snapshot's manifest",
    "/api/snapshots",
    { files: [] },
    32 * MIB,
    201,
  ],
  [
    "body of a commit of an upload, of a check of files",
    "/api/datastores/workspaceblobstore/files/check",
    { files: [{ path: "a", size: 1, sha256: "0".repeat(64) }] },
    16 * MIB,
    200,
  ],
])("%s: %s", (_row, path, value, limit, taken) => {
  test("at the limit is taken", async () => {
    expect((await send("POST", path, padded(value, limit))).status).toBe(taken);
  });

  test("one byte more is a 413 that names the limit", async () => {
    const { status, text } = await send("POST", path, padded(value, limit + 1));

    expect([status, text]).toEqual([413, expect.stringContaining(`the request's body may have ${limit}, and has ${limit + 1}`)]);
  });
});

describe("files and uploads", () => {
  const begin = async (size: number): Promise<string> =>
    JSON.parse((await send("POST", "/api/uploads", JSON.stringify({ size }))).text).uploadId;
  const part = (id: string, number: number, bytes: number) => send("PUT", `/api/uploads/${id}/parts/${number}`, Buffer.alloc(bytes), BYTES);
  const commit = (id: string, value: object, bytes: number) => send("POST", `/api/uploads/${id}/commit`, padded(value, bytes));
  const artifact = (path: string) => `/api/runs/${stepRunId}/artifacts/content?path=${path}`;

  test("body of a commit of an upload", async () => {
    const target = { kind: "file", datastore: "workspaceblobstore", path: "empty", sha256: createHash("sha256").digest("hex") };

    expect((await commit(await begin(0), target, 16 * MIB)).status).toBe(204);
    expect((await commit(await begin(0), target, 16 * MIB + 1)).status).toBe(413);
  });

  test("part of an upload", async () => {
    const id = await begin(8 * MIB + 1);

    expect((await part(id, 0, 8 * MIB)).status).toBe(204);
    expect(await part(id, 0, 8 * MIB + 1)).toMatchObject({ status: 413, text: expect.stringContaining("may have 8388608") });
    expect(await part(id, 0, 8 * MIB - 1)).toMatchObject({ status: 400, text: expect.stringContaining("part 0 of 2 has 8388608 bytes") });
  });

  test("upload", async () => {
    const limit = 50_000 * 8 * MIB;

    expect((await send("POST", "/api/uploads", JSON.stringify({ size: limit }))).status).toBe(201);
    const beyond = await send("POST", "/api/uploads", JSON.stringify({ size: limit + 1 }));
    expect(beyond).toMatchObject({ status: 413, text: expect.stringContaining(`may have ${limit}, and has ${limit + 1}`) });
    expect((await part(await begin(1), 49_999, 1)).text).toMatch(/there is no part 49999/);
    expect((await part(await begin(1), 50_000, 1)).text).toMatch(/params\/part.*<=49999/);
  });

  test("artifact in one request (`run.upload_file`)", async () => {
    expect((await send("PUT", artifact("large"), Buffer.alloc(100 * MIB), BYTES)).status).toBe(200);

    // By its length alone: the connection is closed on a body of that size.
    const beyond = await send("PUT", artifact("larger"), undefined, { ...BYTES, "content-length": String(100 * MIB + 1) });
    expect(beyond).toMatchObject({ status: 413, text: expect.stringContaining("104857600") });
  });

  test("file in one answer", async () => {
    await send("PUT", artifact("fits"), Buffer.alloc(64 * MIB), BYTES);
    await send("PUT", artifact("does-not"), Buffer.alloc(64 * MIB + 1), BYTES);

    const whole = await send("GET", artifact("fits"));
    expect([whole.status, whole.bytes.length]).toEqual([200, 64 * MIB]);
    const beyond = await send("GET", artifact("does-not"));
    expect(beyond).toMatchObject({ status: 413, text: expect.stringMatching(/may have 67108864, and has 67108865.*Range header/) });
    const ranged = await send("GET", artifact("does-not"), undefined, { range: "bytes=1-" });
    expect([ranged.status, ranged.bytes.length]).toEqual([206, 64 * MIB]);
  }, 60_000);

  test("log in one answer", async () => {
    const log = `/api/runs/${stepRunId}/logs/content?path=user_logs/std_log.txt`;

    expect((await send("GET", log)).bytes.length).toBe(MIB);
    expect((await send("GET", `${log}&from=${MIB}`)).text).toBe("x");
  });

  test("files of one output in `GET …/outputs`", async () => {
    const outputs = JSON.parse((await send("GET", `/api/runs/${runId}/outputs`)).bytes.toString()).outputs;
    const all = JSON.parse(
      (await send("GET", `/api/datastores/workspaceblobstore/files?prefix=${outputs[0].path}/&limit=1000`)).bytes.toString(),
    );

    expect(outputs[0].files).toHaveLength(1000);
    expect(all.cursor).toBeDefined();
  });

  test("a run's tags, properties, parameters and warnings together", async () => {
    const tags = (bytes: number) => Object.fromEntries(Array.from({ length: bytes / 8000 }, (_, index) => [`t${index}`, "x".repeat(8000)]));
    const submit = (bytes: number, key: string) =>
      send(
        "POST",
        "/api/runs",
        JSON.stringify({
          experimentName: "limits",
          tags: tags(bytes),
          pipeline: { steps: [{ type: "CommandStep", key: "a", command: ["true"] }] },
        }),
        { "idempotency-key": key },
      );

    const beyond = await submit(1_056_000, "k");
    expect(beyond).toMatchObject({ status: 413, text: expect.stringContaining("what is kept as one document may have 1048576") });
    expect((await submit(1_024_000, "k")).status).toBe(202);
  });
});

describe("URL, locally", () => {
  const path = (length: number) => `/api/${"a".repeat(length - 5)}`;

  test("at the limit is looked at, and one character more is a 414 in plain text", async () => {
    expect((await send("GET", path(8192))).status).toBe(404);
    expect(await send("GET", path(8193))).toMatchObject({ status: 414, text: "The URL is longer than 8192 characters.\n" });
  });

  test("its headers may have 16 KiB together, and are a 431 beyond", async () => {
    const own = `Authorization: Bearer ${workspace.file.token}\r\nHost: 127.0.0.1:00000\r\nConnection: keep-alive\r\n`.length;

    expect((await send("GET", "/api/workspace", undefined, { "x-long": "x".repeat(16 * KIB - own - 200) })).status).toBe(200);
    expect(await send("GET", "/api/workspace", undefined, { "x-long": "x".repeat(16 * KIB) })).toMatchObject({ status: 431, text: "" });
  });
});

describe("bearer token", () => {
  const withToken = (characters: number) =>
    send("GET", "/api/workspace", undefined, { authorization: `Bearer ${"a".repeat(characters - 4)}.b.c` });

  test("at the limit is looked at, and one character more is refused by its length", async () => {
    expect(await withToken(8192)).toMatchObject({ status: 401, text: expect.not.stringContaining("at most 8 KB") });
    expect(await withToken(8193)).toMatchObject({ status: 401, text: expect.stringContaining("not one bearer token of at most 8 KB") });
  });
});
