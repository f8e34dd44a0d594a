import { describe, expect, test } from "vitest";
import { commonJsApp } from "./support/temp-app.ts";
import type { TestHost } from "./support/test-host.ts";
import { send, testHost } from "./support/test-host.ts";

const APP = `
  globalThis.seen = [];
  app.eventGrid("onEvent", { handler: async (event, context) => { globalThis.seen.push([event.id, context.triggerMetadata.data]); if (event.fail) throw new Error("cannot " + event.id); } });
  app.eventGrid("onMany", { cardinality: "many", handler: (events) => { globalThis.seen.push(events.map((e) => e.id)); } });
  app.http("web", { handler: () => ({}) });`;
const seen = () => (globalThis as { seen?: unknown }).seen;
const event = (id: string, more = {}) => ({
  id,
  topic: "t",
  subject: "s",
  eventType: "e",
  eventTime: "2026-01-01T00:00:00Z",
  data: { of: id },
  dataVersion: "1",
  metadataVersion: "1",
  ...more,
});

function post(host: TestHost, query: string, type: string | undefined, body: unknown, method = "POST") {
  const headers = { "x-functions-key": host.keys.system("eventgrid"), ...(type === undefined ? {} : { "aeg-event-type": type }) };
  return send(host.port, method, `/runtime/webhooks/EventGrid${query}`, {
    headers,
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

describe("the Event Grid webhook", () => {
  test.each([
    ["?functionName=nosuch", "cannot find function: 'nosuch'"],
    ["?functionName=ONEVENT", "cannot find function: 'ONEVENT'"],
    ["?functionName=web", "cannot find function: 'web'"],
    ["", "cannot find function: ''"],
  ])("answers 404 for %j", async (query, text) => {
    const host = await testHost(commonJsApp(APP));

    const answer = await post(host, query, "Notification", [event("1")]);

    expect(answer).toMatchObject({ status: 404, text });
  });

  test.each([
    ["an array", [event("v", { data: { validationCode: "code-1" } })]],
    ["one object, with data as JSON text", event("v", { data: '{"validationCode":"code-1"}' })],
  ])("answers the handshake of %s with its code", async (_, body) => {
    const host = await testHost(commonJsApp(APP));

    const answer = await post(host, "?functionName=onEvent", "subscriptionVALIDATION", body);

    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { validationResponse: "code-1" }]);
    expect(seen()).toEqual([]);
  });

  test("runs the function once for each event, and once for all where it asks for many", async () => {
    const host = await testHost(commonJsApp(APP));

    const one = await post(host, "?functionName=onEvent", "Notification", [event("1"), event("2")]);
    const many = await post(host, "?functionName=onMany", "notification", [event("3"), event("4")]);
    const single = await post(host, "?functionName=onEvent", "Notification", event("5"));

    expect([one, many, single].map((answer) => [answer.status, answer.text])).toEqual([
      [202, ""],
      [202, ""],
      [202, ""],
    ]);
    expect(seen()).toEqual([
      ["1", { of: "1" }],
      ["2", { of: "2" }],
      ["3", "4"],
      ["5", { of: "5" }],
    ]);
    expect(host.engine).toMatchObject({ syncs: 0, commits: 3 });
  });

  test("takes CloudEvents as they are", async () => {
    const host = await testHost(commonJsApp(APP));

    const answer = await post(host, "?functionName=onEvent", "Notification", {
      specversion: "1.0",
      type: "t",
      source: "s",
      id: "cloud",
      data: [1],
    });

    expect(answer.status).toBe(202);
    expect(seen()).toEqual([["cloud", [1]]]);
  });

  test("answers 500 with the text of the failure, after all events ran", async () => {
    const host = await testHost(commonJsApp(APP));

    const answer = await post(host, "?functionName=onEvent", "Notification", [event("1", { fail: true }), event("2")]);

    expect(answer).toMatchObject({ status: 500, text: "cannot 1" });
    expect(seen()).toEqual([
      ["1", { of: "1" }],
      ["2", { of: "2" }],
    ]);
  });

  test.each([
    ["Unsubscribe", "", 202],
    ["SomethingElse", "[]", 400],
    [undefined, "[]", 400],
    ["Notification", "{", 400],
    ["Notification", "5", 400],
    ["SubscriptionValidation", "[]", 400],
    ["SubscriptionValidation", '[{"data":{}}]', 400],
  ])("answers a request of type %s with body %j by %i", async (type, body, status) => {
    const host = await testHost(commonJsApp(APP));

    const answer = await post(host, "?functionName=onEvent", type, body);

    expect(answer.status).toBe(status);
  });

  test("takes nothing but POST, and finds no function that is switched off", async () => {
    const host = await testHost(commonJsApp(APP), { settings: { "AzureWebJobs.onMany.Disabled": "true" } });

    const answers = [
      await post(host, "?functionName=onEvent", "Notification", "", "GET"),
      await post(host, "?functionName=onMany", "Notification", [event("1")]),
    ];

    expect(answers.map((answer) => answer.status)).toEqual([400, 404]);
  });
});
