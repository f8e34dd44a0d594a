import type { DurableClient } from "durable-functions";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { durableOrchestrations } from "../../functions/durable-orchestrations.ts";
import { ClientEndpoint } from "../conformance/client-endpoint.ts";

/** The genuine client, which asks whatever the test makes of its host. */
let endpoint: ClientEndpoint;
let answers: { status: number; body?: string };
let client: DurableClient;

beforeEach(async () => {
  endpoint = await ClientEndpoint.open();
  answers = { status: 200 };
  endpoint.durable = { handle: async () => answers } as unknown as NonNullable<ClientEndpoint["durable"]>;
  const { DurableClient: Client } = (await import("durable-functions/lib/src/durableClient/DurableClient.js" as string)) as {
    DurableClient: new (data: object) => DurableClient;
  };
  client = new Client({ taskHubName: "hub", rpcBaseUrl: endpoint.baseUrl, managementUrls: { id: "INSTANCEID" }, creationUrls: {} });
});
afterEach(() => endpoint.close());

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
