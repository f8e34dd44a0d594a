import { HttpRequest, InvocationContext } from "@azure/functions";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { Admission } from "../../functions/admission.ts";
import { httpRoute, type RouteHandler } from "../../functions/http-route.ts";
import { route } from "../../shared/api/route.ts";
import type { Services } from "../../shared/composition.ts";
import { RunId } from "../../shared/domain/ids.ts";
import { ProblemError } from "../../shared/domain/problems.ts";
import type { Principal } from "../../shared/ports/callers.ts";
import { StoreError } from "../../shared/ports/documents.ts";
import { anId } from "../support/graphs.ts";

const echo = route({
  name: "echo",
  method: "POST",
  path: "api/things/{id}",
  summary: "Echoes",
  role: "Submitter",
  params: z.object({ id: RunId }),
  query: z.object({ limit: z.coerce.number().int().max(10).default(5), waitSeconds: z.coerce.number().default(0) }),
  body: z.strictObject({ name: z.string(), list: z.array(z.strictObject({ n: z.int() })).default([]) }),
  maxBodyBytes: 1000,
  replies: { 200: z.unknown() },
});

describe("httpRoute", () => {
  test("hands on what the route's schemas have read", async () => {
    const answer = await call({ body: { name: "x" }, query: { limit: "3" } });

    expect(answer.jsonBody).toMatchObject({ params: { id: anId(1) }, query: { limit: 3, waitSeconds: 0 }, body: { name: "x", list: [] } });
  });

  test.each([
    ["another role", { caller: aCaller("Reader") }, 403, /Submitter/],
    ["a step's token where it is not let in", { caller: aStepCaller() }, 403, /Submitter/],
    ["no JSON", { raw: "{" }, 400, /no JSON/],
    ["an empty body", { raw: "" }, 400, /no body/],
    ["bytes that are no UTF-8", { raw: Buffer.from([0x22, 0xff, 0x22]) }, 400, /UTF-8/],
    ["JSON that nests too deep", { raw: "[".repeat(50_000) }, 413, /body/],
    ["JSON that nests a little too deep", { raw: `${"[".repeat(65)}${"]".repeat(65)}` }, 400, /deeper than 64/],
    ["a form", { type: "application/x-www-form-urlencoded", raw: "name=x" }, 415, /application\/json/],
    ["a member that would be dropped", { raw: '{"name":"x","__proto__":{"a":1}}' }, 400, /\\"__proto__\\", which is not kept/],
    ["such a member with escapes", { raw: '{"name":"x","list":[{"n":1,"\\u005f_proto__":1}]}' }, 400, /__proto__/],
    ["chunks, which the host does not read", { raw: "", headers: { "transfer-encoding": "chunked" } }, 411, /Content-Length/],
    ["a name that is in the query twice", { query: "limit=1&limit=2", body: { name: "x" } }, 400, /query\/limit.*twice/],
    ["a query that is no UTF-8", { query: "limit=%ff", body: { name: "x" } }, 400, /percent-encoded UTF-8/],
    ["a body over the limit", { body: { name: "x".repeat(1000) } }, 413, /1000/],
  ])("refuses %s", async (_what, request, status, text) => {
    const answer = await call(request);

    expect(answer.status).toBe(status);
    expect(new Headers(answer.headers as Record<string, string>).get("content-type")).toBe("application/problem+json");
    expect(answer.body).toMatch(text);
  });

  test("a body at the limit is read", async () => {
    const answer = await call({ body: { name: "x".repeat(1000 - '{"name":""}'.length) } });

    expect(answer.status).toBeUndefined();
  });

  test("names every member that is wrong, where it is", async () => {
    const answer = await call({ id: "no-guid", query: { limit: "11" }, body: { name: 1, list: [{ n: "x" }], more: true } });

    const problem = JSON.parse(String(answer.body));
    expect(problem.status).toBe(400);
    expect(problem.errors.map((error: { pointer: string }) => error.pointer)).toEqual([
      "/params/id",
      "/query/limit",
      "/name",
      "/list/0/n",
      "",
    ]);
  });

  test("says which value broke which rule, and what to do", async () => {
    const answer = await call({ id: "no-guid", query: { limit: "11" }, body: { name: 7, more: "x".repeat(500) } });

    const { errors } = JSON.parse(String(answer.body));
    expect(errors).toEqual([
      { pointer: "/params/id", message: 'a run id is a GUID; it is "no-guid"' },
      { pointer: "/query/limit", message: expect.stringMatching(/<=10; it is 11$/) },
      { pointer: "/name", message: expect.stringMatching(/expected string, received number; it is 7$/) },
      { pointer: "", message: expect.stringContaining('"more"'), remedy: expect.stringContaining("leave it out") },
    ]);
  });

  test("a long value is shortened, and a thousand errors are a hundred", async () => {
    const answer = await call({ body: { name: "x", list: Array.from({ length: 40 }, () => ({ n: "y", m: 1, o: 2 })) } });
    const long = await call({ id: "z".repeat(3000), body: { name: "x" } });

    expect(JSON.parse(String(answer.body)).errors.length).toBeLessThanOrEqual(100);
    expect(JSON.parse(String(long.body)).errors[0].message).toMatch(/^.{0,140}\(3000 characters\)$/);
  });

  test("a text may say __proto__", async () => {
    const answer = await call({ body: { name: "__proto__ \\u005f" } });

    expect(answer.jsonBody).toMatchObject({ body: { name: "__proto__ \\u005f" } });
  });

  test("refuses a query parameter that the route does not have, and names those it has", async () => {
    const answer = await call({ body: { name: "x" }, query: { limt: "1" } });

    expect(JSON.parse(String(answer.body)).errors).toEqual([
      { pointer: "/query/limt", message: 'there is no query parameter "limt" here', remedy: "known: limit, waitSeconds" },
    ]);
  });

  test("brackets inside texts do not count as depth", async () => {
    const answer = await call({ body: { name: `${"[".repeat(200)}\\"{` } });

    expect(answer.jsonBody).toMatchObject({ body: { name: `${"[".repeat(200)}\\"{` } });
  });

  test("tells a caller what to do when the store is busy", async () => {
    const answer = await call({ body: { name: "x" }, fail: new StoreError("busy", "locked") });

    expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
  });

  test("refuses a body that has no room beside those under way, and says what is full and when to come back", async () => {
    const admission = new Admission({ submits: 1, waits: 1, bodyBytes: 20, answerBytes: 1 });
    const first = Promise.withResolvers<void>();
    const under = call({ body: { name: "x" }, admission, meanwhile: first.promise });

    const refused = await call({ body: { name: "y" }, admission });
    first.resolve();
    const after = [await under, await call({ body: { name: "y" }, admission })];

    expect(refused).toMatchObject({ status: 429, headers: { "retry-after": "1" } });
    expect(JSON.parse(String(refused.body))).toMatchObject({
      type: "urn:penstock:problem:busy",
      detail: expect.stringContaining("20 bytes in the bodies"),
      remedy: expect.stringMatching(/try again in 1 s; send fewer/),
    });
    expect(after.map(({ status }) => status)).toEqual([undefined, undefined]);
  });

  test("takes a body larger than the room when there is no other", async () => {
    const answer = await call({ body: { name: "x" }, admission: new Admission({ submits: 1, waits: 1, bodyBytes: 1, answerBytes: 1 }) });

    expect(answer.status).toBeUndefined();
  });

  test("refuses to wait for news with more than so many, and answers those who do not wait", async () => {
    const admission = new Admission({ submits: 1, waits: 1, bodyBytes: 1000, answerBytes: 1 });
    const first = Promise.withResolvers<void>();
    const under = call({ body: { name: "x" }, query: { waitSeconds: "20" }, admission, meanwhile: first.promise });

    const refused = await call({ body: { name: "y" }, query: { waitSeconds: "20" }, admission });
    const atOnce = await call({ body: { name: "y" }, admission });
    first.resolve();
    await under;

    expect(refused).toMatchObject({ status: 429, headers: { "retry-after": "2" } });
    expect(String(refused.body)).toMatch(/1 requests that wait for news.*without waitSeconds/);
    expect(atOnce.status).toBeUndefined();
  });

  test("what failed makes room like what went well", async () => {
    const admission = new Admission({ submits: 1, waits: 1, bodyBytes: 20, answerBytes: 1 });
    await call({ body: { name: "x" }, admission, fail: new Error("bug") });

    const answer = await call({ body: { name: "y" }, admission });

    expect(answer.status).toBeUndefined();
  });

  test("tells nothing of a bug but where the log has it", async () => {
    const answer = await call({ body: { name: "x" }, fail: new Error("secret detail") });

    expect(answer.status).toBe(500);
    expect(String(answer.body)).not.toContain("secret detail");
    expect(String(answer.body)).toContain("invocation");
  });

  test.each([
    ["disk-full", "the disk of the workspace is full", /free some space/],
    ["not-writable", "the workspace may not write to its own files", /permissions/],
    ["host-cannot-write", "the workspace cannot write its state to disk", /free its disk/],
    [undefined, "the store is out of reach", /^try again in 5 s$/],
  ] as const)("tells of a store's trouble (%s), not of places on its machine", async (trouble, detail, remedy) => {
    const fail = new StoreError("unavailable", "the disk that holds /srv/state is full", trouble && { trouble });

    const answer = await call({ body: { name: "x" }, fail });

    expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
    expect(JSON.parse(String(answer.body))).toMatchObject({ detail, remedy: expect.stringMatching(remedy) });
    expect(String(answer.body)).not.toContain("/srv");
  });

  test("a problem goes out as it is", async () => {
    const answer = await call({ body: { name: "x" }, fail: new ProblemError({ kind: "property-conflict", name: "p" }) });

    expect(answer.status).toBe(409);
    expect(String(answer.body)).toContain("written once");
  });
});

interface Call {
  caller?: Principal;
  id?: string;
  query?: Record<string, string> | string;
  headers?: Record<string, string>;
  body?: unknown;
  raw?: string | Buffer;
  type?: string;
  fail?: Error;
  admission?: Admission;
  /** What the handler waits for. */
  meanwhile?: Promise<void>;
}

async function call({
  caller = aCaller("Submitter"),
  id = anId(1),
  query = {},
  headers,
  body,
  raw,
  type = "application/json",
  fail,
  admission = new Admission(),
  meanwhile,
}: Call) {
  const bytes = raw === undefined ? Buffer.from(JSON.stringify(body ?? {})) : Buffer.from(raw);
  const handler: RouteHandler<typeof echo> =
    () =>
    async ({ params, query: read, body: parsed }) => {
      await meanwhile;
      if (fail) throw fail;
      return { jsonBody: { params, query: read, body: parsed } };
    };
  const bound = httpRoute(echo, handler, admission);
  const request = new HttpRequest({
    method: "POST",
    url: `http://localhost/api/things/x?${typeof query === "string" ? query : new URLSearchParams(query)}`,
    params: { id },
    headers: { "content-type": type, ...(headers ?? { "content-length": String(bytes.length) }) },
    body: { bytes },
  });
  return await bound.answer(
    { verifyCaller: async () => caller } as unknown as Services,
    request,
    new InvocationContext({ functionName: "echo", logHandler: () => {} }),
  );
}

function aCaller(role: "Reader" | "Submitter"): Principal {
  return { kind: "user", objectId: "o", tenantId: "t", roles: [role] };
}
function aStepCaller(): Principal {
  return { kind: "step", objectId: anId(1), tenantId: "t", roles: [], stepRunId: anId(1), runId: anId(0) };
}
