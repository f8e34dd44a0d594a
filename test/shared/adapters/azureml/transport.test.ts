import { createServer } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { createAzureMlBackend } from "../../../../shared/adapters/azureml/azureml-backend.ts";
import { aBackend, aCredential, armError, aService, JOB, KEY, never } from "./service.ts";

const running = { body: { properties: { jobType: "Command", status: "Running" } } };

/** Answers each try by the next of these, and then by the last. */
const inTurn = <T>(...answers: T[]) => {
  let turn = 0;
  return () => answers[Math.min(turn++, answers.length - 1)] as T;
};
const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error) => error,
  );

describe("a request to Azure ML", () => {
  test("names its api-version, itself and its token", async () => {
    const { backend, asked, credential } = await aBackend(() => running);

    await backend.observe(JOB, never);

    expect(asked[0]?.query.get("api-version")).toBe("2024-04-01");
    expect(asked[0]?.headers["x-ms-client-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(asked[0]?.headers.authorization).toBe("Bearer token-1");
    expect(credential.asked).toEqual(["https://management.azure.com/.default"]);
  });

  test("keeps its connection and its token for the next", async () => {
    const ports = new Set<number | undefined>();
    const { backend, credential } = await aBackend((_, response) => {
      ports.add(response.req.socket.remotePort);
      return running;
    });

    for (let n = 0; n < 5; n++) await backend.observe(JOB, never);

    expect(ports.size).toBe(1);
    expect(credential.asked).toHaveLength(1);
  });

  test.each([
    ["seconds", { "retry-after": "12" }, 12],
    ["a date", { "retry-after": "Tue, 24 Nov 2026 00:00:30 GMT" }, 30],
    ["a date that has passed", { "retry-after": "Mon, 23 Nov 2026 00:00:30 GMT" }, 0],
    ["zero", { "retry-after": "0" }, 0],
    ["a negative number", { "retry-after": "-5" }, 0],
    ["a thousand million seconds", { "retry-after": "1000000000" }, 300],
    ["milliseconds", { "x-ms-retry-after-ms": "1500" }, 1.5],
    ["nonsense", { "retry-after": "later" }, undefined],
    ["nothing", {}, undefined],
  ])("that is throttled tells the caller how long to wait: %s", async (_, headers: Record<string, string>, seconds) => {
    const { backend, asked } = await aBackend(() => ({ ...armError(429, "TooManyRequests", "slow down"), headers }));

    const error = await failure(backend.observe(JOB, never));

    expect(error).toMatchObject({ name: "ComputeError", code: "TooManyRequests", retryable: true, retryAfterSeconds: seconds });
    expect(asked).toHaveLength(1);
  });

  test.each([500, 502, 503, 504, 408])("is tried again after a brief %d", async (status) => {
    const { backend, asked } = await aBackend(inTurn<object>({ status, body: "<html>" }, running));

    const state = await backend.observe(JOB, never);

    expect(state).toEqual({ status: "running" });
    expect(asked).toHaveLength(2);
    expect(new Set(asked.map(({ headers }) => headers["x-ms-client-request-id"])).size).toBe(1);
  });

  test("is tried three times, then the caller decides", async () => {
    const { backend, asked } = await aBackend(() => ({ status: 500, body: "no json" }));

    const error = await failure(backend.observe(JOB, never));

    expect(error).toMatchObject({ code: "Http500", retryable: true });
    expect(error.message).toBe(`Azure ML would not show job ${KEY}: 500: no reason was given (request id request-1)`);
    expect(asked).toHaveLength(3);
  });

  test("is tried again when the connection breaks before or in the answer", async () => {
    let turn = 0;
    const { backend, asked } = await aBackend((_, response) => {
      turn++;
      if (turn > 2) return running;
      if (turn === 2) {
        response.writeHead(200, { "content-length": "1000" });
        response.write("{");
      }
      setImmediate(() => response.destroy());
      return undefined;
    });

    const state = await backend.observe(JOB, never);

    expect(state).toEqual({ status: "running" });
    expect(asked).toHaveLength(3);
  });

  test.each([
    [400, false],
    [403, false],
    [409, false],
    [501, false],
    [505, false],
    [507, true],
  ])("that is refused with %d may be tried again: %s", async (status, retryable) => {
    const { backend } = await aBackend(() => armError(status, "X", "y"));

    await expect(backend.observe(JOB, never)).rejects.toMatchObject({ retryable });
  });

  test("that finds nobody says so, and may be tried again", async () => {
    const { address } = await aClosedPort();
    const { backend } = await aBackend(() => running, { baseUrl: address });

    const error = await failure(backend.observe(JOB, never));

    expect(error).toMatchObject({ name: "ComputeError", code: "ECONNREFUSED", retryable: true });
    expect(error.message).toContain(`show job ${KEY}`);
  });

  test.each([
    ["never begins to answer", false],
    ["never ends its answer", true],
  ])("to a service that %s is given up", async (_, begins) => {
    const { backend, asked } = await aBackend(
      (_asked, response) => {
        if (begins) response.writeHead(200).write("{");
        return undefined;
      },
      { deadlines: { headersMs: begins ? 60_000 : 30, totalMs: begins ? 30 : 60_000 } },
    );

    const error = await failure(backend.observe(JOB, never));

    expect(error).toMatchObject({ name: "ComputeError", code: "ANSWER_TOO_LATE", retryable: true });
    expect(asked).toHaveLength(1);
  });

  test("ends at once when the caller gives up", async () => {
    const caller = new AbortController();
    const { backend } = await aBackend(() => {
      caller.abort();
      return undefined;
    });

    const error = await failure(backend.observe(JOB, caller.signal));

    expect(error).toMatchObject({ name: "AbortError" });
  });

  test("does not read more than 4 MB of an answer", async () => {
    let written = 0;
    const { backend } = await aBackend((_, response) => {
      response.writeHead(200);
      const chunk = Buffer.alloc(1024 * 1024, 32);
      const more = () => {
        while (!response.destroyed && written < 50 * chunk.length && response.write(chunk)) written += chunk.length;
      };
      response.on("drain", more);
      more();
      return undefined;
    });

    const error = await failure(backend.observe(JOB, never));

    expect(error).toMatchObject({ code: "ANSWER_TOO_LARGE", retryable: true });
    expect(written).toBeLessThan(40 * 1024 * 1024);
  });

  test("follows no redirect, so its token reaches no other host", async () => {
    const other = await aService(() => running);
    const { backend } = await aBackend(() => ({ status: 307, headers: { location: `${other.address}/` }, body: "" }));

    const error = await failure(backend.observe(JOB, never));

    expect(error).toMatchObject({ code: "Http307", retryable: false });
    expect(other.asked).toEqual([]);
  });

  test("sends no token to a run history that is not https", async () => {
    const { backend, asked } = await aBackend(({ path, headers }) => {
      if (path.endsWith("/ws")) return { body: { properties: { discoveryUrl: `http://${headers.host}/discovery` } } };
      return path === "/discovery" ? { body: { api: "http://region.example" } } : { body: { properties: { status: "Completed" } } };
    });

    const state = await backend.observe(JOB, never);

    expect(state).toMatchObject({ status: "completed", warnings: [expect.stringContaining("http://region.example is not https")] });
    expect(asked).toHaveLength(3);
  });

  test.each(["truncated", "<html><title>Sign in</title>", '{"properties":'])(
    "that is answered with %j may be tried again",
    async (body) => {
      const { backend } = await aBackend(() => ({ body }));

      await expect(backend.observe(JOB, never)).rejects.toMatchObject({ code: "BadAnswer", retryable: true });
    },
  );

  test("does not repeat a token or a signed URL that the service quotes", async () => {
    const token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";
    const { backend } = await aBackend(() =>
      armError(400, "UserError", `PENSTOCK_TOKEN is ${token}, see https://s.example/a?sv=1&sig=abc%2F&x=1`),
    );

    const error = await failure(backend.observe(JOB, never));

    expect(error.message).toContain("PENSTOCK_TOKEN is [token], see https://s.example/a?sv=1&sig=[signature]&x=1");
  });
});

describe("the token of a request", () => {
  test("is renewed when it is refused, once for all who wait", async () => {
    const { backend, credential } = await aBackend(({ headers }) =>
      headers.authorization === "Bearer token-1" ? { status: 401 } : running,
    );

    const states = await Promise.all(Array.from({ length: 20 }, () => backend.observe(JOB, never)));

    expect(states.every(({ status }) => status === "running")).toBe(true);
    expect(credential.asked).toHaveLength(2);
  });

  test("that is refused although it is new ends the matter", async () => {
    const { backend, asked, credential } = await aBackend(() => ({ status: 401, body: "" }));

    const errors = await Promise.all(Array.from({ length: 10 }, () => failure(backend.observe(JOB, never))));

    expect(errors.every(({ code, retryable }) => code === "AuthFailed" && retryable === false)).toBe(true);
    expect(credential.asked).toHaveLength(2);
    expect(asked.length).toBeLessThanOrEqual(20);
  });

  test("is not renewed again within 30 s of the last time", async () => {
    const refused = new Set<string | undefined>(["Bearer token-1"]);
    const { backend, credential, clock } = await aBackend(({ headers }) =>
      refused.has(headers.authorization) ? { status: 401 } : running,
    );
    await backend.observe(JOB, never);
    refused.add("Bearer token-2");
    clock.time += 10_000;

    const early = await failure(backend.observe(JOB, never));
    clock.time += 20_000;
    const late = await backend.observe(JOB, never);

    expect(early).toMatchObject({ code: "AuthFailed", retryable: true, retryAfterSeconds: 20 });
    expect(late).toEqual({ status: "running" });
    expect(credential.asked).toHaveLength(3);
  });

  test("is renewed before it expires, and used on while no other can be had", async () => {
    const { backend, credential, clock, asked } = await aBackend(() => running);
    credential.expiresOnTimestamp = clock.time + 200_000;
    await backend.observe(JOB, never);
    clock.time += 100_000;
    credential.getToken = () => Promise.reject(new Error("identity endpoint is down"));

    await backend.observe(JOB, never);
    clock.time += 100_001;
    const error = await failure(backend.observe(JOB, never));

    expect(asked).toHaveLength(2);
    expect(error).toMatchObject({ code: "CredentialUnavailable", retryable: true });
    expect(error.message).toContain("identity endpoint is down");
  });
});

describe("createAzureMlBackend", () => {
  test("refuses a base URL without https off this machine", () => {
    const options = { subscriptionId: "s", resourceGroup: "r", workspaceName: "w", apiVersion: "2024-04-01", audience: "a" };
    const clock = { now: () => 0 };

    expect(() => createAzureMlBackend({ ...options, baseUrl: "http://arm.example", credential: aCredential(), clock })).toThrow(
      "must be https",
    );
  });
});

async function aClosedPort(): Promise<{ address: string }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  await new Promise((resolve) => server.close(resolve));
  onTestFinished(() => void server.close());
  return { address: `http://127.0.0.1:${port}` };
}
