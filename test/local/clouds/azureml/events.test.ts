import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TestWorkspace, until, WORKSPACE } from "./workspace.ts";

interface Delivery {
  type: string;
  authorization: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: events as they come.
  events: any[];
}

let workspace: TestWorkspace;
let subscriber: http.Server;
let deliveries: Delivery[];
/** The statuses with which the next deliveries are answered; 202 when there are none. */
let answers: number[];
let validate: (code: string) => object;

beforeEach(async () => {
  deliveries = [];
  answers = [];
  validate = (code) => ({ validationResponse: code });
  workspace = new TestWorkspace();
  subscriber = http.createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    const events = JSON.parse(text);
    const type = String(request.headers["aeg-event-type"]);
    deliveries.push({ type, authorization: request.headers.authorization, events });
    if (type === "SubscriptionValidation") response.end(JSON.stringify(validate(events[0].data.validationCode)));
    else {
      response.writeHead(answers.shift() ?? 202).end();
      if (response.statusCode === 202) await workspace.receive(events);
    }
  });
  await new Promise<void>((resolve) => subscriber.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  await workspace.dispose();
  subscriber.closeAllConnections();
  subscriber.close();
});

async function start(eventHoldMilliseconds: number): Promise<void> {
  const url = `http://127.0.0.1:${(subscriber.address() as AddressInfo).port}/runtime/webhooks/eventgrid?functionName=onRunStatus`;
  await workspace.start({ eventSink: { url, headers: { authorization: "Bearer webhook" } }, eventHoldMilliseconds });
  await workspace.prepare();
}

const notifications = () => deliveries.filter(({ type }) => type === "Notification").flatMap(({ events }) => events);

describe("run status events", () => {
  test("come after a handshake, in Event Grid's schema", async () => {
    await start(0);
    await workspace.run("told", { tags: { team: "a" }, properties: { key: "1" } });

    const last = notifications().at(-1);
    expect(deliveries[0]).toMatchObject({ type: "SubscriptionValidation", authorization: "Bearer webhook" });
    expect(last).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      topic: WORKSPACE,
      subject: `experiments/${last.data.experimentId}/runs/told`,
      eventType: "Microsoft.MachineLearningServices.RunStatusChanged",
      eventTime: (await workspace.details("told")).endTimeUtc,
      data: {
        experimentId: expect.any(String),
        experimentName: "tests",
        runId: "told",
        runType: "azureml.scriptrun",
        runTags: { team: "a" },
        runProperties: { key: "1" },
        runStatus: "Completed",
      },
      dataVersion: "1.0",
      metadataVersion: "1",
    });
  });

  test("are one for a short job: what it went through is held back and dropped", async () => {
    await start(60_000);

    await workspace.run("short", {});

    expect(notifications().map((event) => event.data.runStatus)).toEqual(["Completed"]);
  });

  test("tell of each status that lasts", async () => {
    await start(0);
    await workspace.putJob("long", { command: "sleep 600" });
    await workspace.became("long", "Running");

    await workspace.arm("POST", "/jobs/long/cancel");
    await workspace.ended("long");

    expect(workspace.told("long").slice(-3)).toEqual(["Running", "CancelRequested", "Canceled"]);
  });

  test("are sent again, the same, until they are taken", async () => {
    await start(60_000);
    answers = [500, 429];

    await workspace.run("refused", {});

    const sent = notifications().filter((event) => event.data.runId === "refused");
    expect(sent).toHaveLength(3);
    expect(new Set(sent.map((event) => event.id)).size).toBe(1);
  });

  test("are not sent to a subscriber that does not answer the handshake", async () => {
    let refused = 0;
    validate = () => {
      refused++;
      return {};
    };
    await start(0);
    await workspace.putJob("untold", {});
    await until(async () => (await workspace.status("untold")) === "Completed" && refused >= 2);
    const before = notifications().length;

    validate = (code) => ({ validationResponse: code });
    await workspace.ended("untold");

    expect(before).toBe(0);
  });
});
