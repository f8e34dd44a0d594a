import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { durableHttp } from "../../functions/durable-http.ts";
import { type DurableCalls, durableOrchestrations } from "../../functions/durable-orchestrations.ts";
import { ClientEndpoint } from "../conformance/client-endpoint.ts";

let endpoint: ClientEndpoint;
let answers: { status: number; body?: string };
let client: DurableCalls;

beforeEach(async () => {
  endpoint = await ClientEndpoint.open();
  answers = { status: 200 };
  endpoint.durable = { handle: async () => answers } as unknown as NonNullable<ClientEndpoint["durable"]>;
});
afterEach(() => endpoint.close());

/** The genuine client. */
async function genuine(): Promise<DurableCalls> {
  const { DurableClient: Client } = (await import("durable-functions/lib/src/durableClient/DurableClient.js" as string)) as {
    DurableClient: new (data: object) => DurableCalls;
  };
  return new Client({ taskHubName: "hub", rpcBaseUrl: endpoint.baseUrl, managementUrls: { id: "INSTANCEID" }, creationUrls: {} });
}

const status = (runtimeStatus: string) =>
  JSON.stringify({
    name: "n",
    instanceId: "i",
    runtimeStatus,
    input: null,
    output: null,
    customStatus: { at: 1 },
    createdTime: "2026-07-01T00:00:00Z",
    lastUpdatedTime: "2026-07-01T00:00:00Z",
  });

describe.each([
  ["our own calls", async () => durableHttp(endpoint.baseUrl)],
  ["the library's client", genuine],
])("by %s", (_name, make) => {
  beforeEach(async () => {
    client = await make();
  });

  describe("look", () => {
    test.each([
      ["Pending", true],
      ["Running", true],
      ["Suspended", true],
      ["Completed", false],
      ["Failed", false],
      ["Terminated", false],
    ])("calls an instance that is %s live: %s", async (word, live) => {
      answers = { status: 200, body: status(word) };

      expect(await durableOrchestrations(client).look("i")).toEqual({ live, customStatus: { at: 1 } });
    });

    test("knows one that is not there", async () => {
      answers = { status: 404 };

      expect(await durableOrchestrations(client).look("i")).toBeUndefined();
    });

    test("takes a host that fails for just that, whatever numbers it says", async () => {
      answers = { status: 500, body: '{"Message":"port 40404 is closed"}' };

      await expect(durableOrchestrations(client).look("40400000-0000-7000-8000-000000000404")).rejects.toThrow("40404");
    });
  });

  describe("raise", () => {
    test.each([202, 404, 410])("is content with %i", async (code) => {
      answers = { status: code, ...(code !== 202 && { body: "null" }) };

      await expect(durableOrchestrations(client).raise("i", "runChanged", {})).resolves.toBeUndefined();
    });

    test("says when the host failed, whatever numbers it says", async () => {
      answers = { status: 500, body: '{"Message":"instance 404"}' };

      await expect(durableOrchestrations(client).raise("i", "runChanged", {})).rejects.toThrow("500");
    });
  });

  describe("start", () => {
    test("is content with one that lives already, and with nothing else that is refused", async () => {
      const inTurn: { status: number; body?: string }[] = [
        { status: 500, body: '{"Message":"already exists"}' },
        { status: 200, body: status("Running") },
      ];
      endpoint.durable = { handle: async () => inTurn.shift() ?? answers } as unknown as NonNullable<ClientEndpoint["durable"]>;

      await durableOrchestrations(client).start("stepRun", "i", {});

      inTurn.push({ status: 500, body: '{"Message":"disk full"}' }, { status: 404 });
      await expect(durableOrchestrations(client).start("stepRun", "i", {})).rejects.toThrow("disk full");
    });

    test("starts one anew that refused while it lived and has ended since", async () => {
      const inTurn = [
        { status: 500, body: '{"Message":"already exists"}' },
        { status: 200, body: status("Completed") },
        { status: 202, body: '{"id":"i"}' },
      ];
      endpoint.durable = { handle: async () => inTurn.shift() ?? answers } as unknown as NonNullable<ClientEndpoint["durable"]>;

      await durableOrchestrations(client).start("stepRun", "i", {});

      expect(inTurn).toEqual([]);
    });
  });

  test("asks the same of the host", async () => {
    answers = { status: 202, body: status("Running").replace("{", '{"id":"i",') };

    await durableOrchestrations(client).start("stepRun", "i", { at: 1 });
    await durableOrchestrations(client).raise("i", "runChanged", { at: 1 });
    await durableOrchestrations(client).look("i");

    expect(endpoint.exchanges.map(({ request }) => `${request.method} ${request.path}`)).toEqual([
      "POST /durabletask/orchestrators/stepRun/i",
      "POST /durabletask/instances/i/raiseEvent/runChanged",
      expect.stringMatching(/^GET \/durabletask\/instances\/i(\?showInput=false)?$/),
    ]);
  });
});

test("our own calls make one again whose kept connection the host closed", async () => {
  let seen = 0;
  const server = createServer((request, response) => {
    seen++;
    if (seen === 2) request.socket.resetAndDestroy();
    else response.writeHead(202).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const calls = durableHttp(`http://127.0.0.1:${(server.address() as AddressInfo).port}/durabletask/`);

  await calls.raiseEvent("i", "runChanged", {});
  await calls.raiseEvent("i", "runChanged", {});

  expect(seen).toBe(3);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe.each([
  ["our own calls", async () => durableHttp(endpoint.baseUrl)],
  ["the library's client", genuine],
])("a host that cannot write its durable state at the moment, by %s", (_name, make) => {
  beforeEach(async () => {
    client = await make();
  });

  test.each([
    ["look", (of: ReturnType<typeof durableOrchestrations>) => of.look("i")],
    ["start", (of: ReturnType<typeof durableOrchestrations>) => of.start("pipelineRun", "i", {})],
    ["raise", (of: ReturnType<typeof durableOrchestrations>) => of.raise("i", "runChanged", {})],
  ])("is out of reach for %s, which helps to try again", async (_, call) => {
    answers = { status: 503, body: '{"Message":"free the disk"}' };

    await expect(call(durableOrchestrations(client))).rejects.toMatchObject({ name: "StoreError", kind: "unavailable", retryable: true });
  });
});
