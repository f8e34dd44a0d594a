import { describe, expect, test, vi } from "vitest";
import { commonJsApp } from "../support/temp-app.ts";
import { send, testHost } from "../support/test-host.ts";

const APP = `
  app.http("web", { route: "w/{id}", handler: () => ({}) });
  app.timer("tick", { schedule: "0 0 0 1 1 *", handler: (timer) => { globalThis.ticked = timer; } });
  app.generic("act", { trigger: { type: "activityTrigger", name: "input" }, handler: (input) => { globalThis.acted = input; throw new Error("act failed"); } });`;
const headers = { "x-functions-key": "the-master-key" };
const marks = globalThis as { ticked?: unknown; acted?: unknown };

describe("the admin endpoints", () => {
  test("tell that the host is running, which functions it has and their keys", async () => {
    const host = await testHost(commonJsApp(APP), { settings: { "AzureWebJobs.tick.Disabled": "true" } });
    const get = async (path: string) => JSON.parse((await send(host.port, "GET", path, { headers })).text);

    const functions = await get("/admin/functions");

    expect((await get("/admin/host/status")).state).toBe("Running");
    expect(
      functions.map((f: { name: string; isDisabled: boolean; invoke_url_template?: string }) => [
        f.name,
        f.isDisabled,
        f.invoke_url_template,
      ]),
    ).toEqual([
      ["web", false, `${host.address}/api/w/{id}`],
      ["tick", true, undefined],
      ["act", false, undefined],
    ]);
    expect(await get("/admin/functions/WEB/keys")).toEqual({ keys: [{ name: "default", value: host.keys.function("web") }] });
    expect((await get("/admin/host/systemkeys")).keys).toContainEqual({
      name: "eventgrid_extension",
      value: host.keys.system("eventgrid"),
    });
    expect((await send(host.port, "POST", "/admin/host/ping", { headers })).status).toBe(200);
  });

  test("run a timer and an activity once", async () => {
    const host = await testHost(commonJsApp(APP));

    const answers = [
      await send(host.port, "POST", "/admin/functions/tick", { headers, body: "{}" }),
      await send(host.port, "POST", "/admin/functions/act", { headers, body: '{"input": "5"}' }),
    ];

    expect(answers.map((answer) => answer.status)).toEqual([202, 202]);
    await vi.waitFor(() => expect(host.logText()).toContain("act failed"));
    expect([marks.ticked, marks.acted]).toEqual([{ schedule: { adjustForDST: true }, scheduleStatus: null, isPastDue: false }, 5]);
  });

  test.each([
    ["POST", "/admin/functions/nosuch", "{}", 404],
    ["POST", "/admin/functions/web", "{}", 400],
    ["POST", "/admin/functions/tick", "{", 400],
    ["POST", "/admin/functions/tick", '{"input": 5}', 400],
    ["DELETE", "/admin/functions/tick", "", 404],
    ["GET", "/admin/host/nosuch", "", 404],
    ["GET", "/admin/host/constructor", "", 404],
    ["GET", "/admin", "", 404],
    ["GET", "/runtime/webhooks/nosuch", "", 404],
  ])("%s %s with %j is %i", async (method, path, body, status) => {
    const host = await testHost(commonJsApp(APP));

    const answer = await send(host.port, method, path, { headers, body });

    expect(answer.status).toBe(status);
  });
});
