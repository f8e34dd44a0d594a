import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { ApiProblem } from "../../sdk/api-problem.ts";
import { ApiClient } from "../../sdk/client.ts";
import { getWorkspace } from "../../shared/api/routes/catalog.ts";
import { getRun, submitRun } from "../../shared/api/routes/runs.ts";
import { createUpload } from "../../shared/api/routes/storage.ts";
import { RunId } from "../../shared/domain/ids.ts";
import { StubWorkspace } from "./stub-workspace.ts";

const NO_RUN = RunId.parse("01998000-0000-7000-8000-000000000000");

describe("ApiClient", () => {
  test("gives a route's answer in the route's type", async () => {
    await using workspace = await StubWorkspace.start();

    const reply = await new ApiClient(workspace).call(getWorkspace, {});

    expect(reply.status).toBe(200);
    expect(reply.body.defaultCompute).toBe("cpu");
  });

  test("hands on what the server says of a problem", async () => {
    await using workspace = await StubWorkspace.start();

    const call = new ApiClient(workspace).call(getRun, { params: { runId: NO_RUN } });

    await expect(call).rejects.toBeInstanceOf(ApiProblem);
    await expect(call).rejects.toMatchObject({
      status: 404,
      request: `GET /api/runs/${NO_RUN}`,
      message: expect.stringContaining("is not in this workspace"),
    });
  });

  test("repeats a read that met a passing trouble, and gives up in the end", async () => {
    await using workspace = await StubWorkspace.start();
    const client = new ApiClient(workspace);

    workspace.outages.push(503, 502);
    const reply = await client.call(getWorkspace, {});
    workspace.outages.push(503, 503, 503);
    const call = client.call(getWorkspace, {});

    expect(reply.status).toBe(200);
    await expect(call).rejects.toMatchObject({ status: 503 });
    expect(workspace.outages).toEqual([]);
  });

  test("comes back to a server that is busy more often than it repeats what failed", async () => {
    await using workspace = await StubWorkspace.start();
    workspace.outages.push(429, 429, 429);

    const reply = await new ApiClient({ url: workspace.url, token: workspace.token, tries: 1 }).call(getWorkspace, {});

    expect(reply.status).toBe(200);
    expect(workspace.outages).toEqual([]);
  });

  test("does not repeat a submit without an idempotency key to a server that is busy", async () => {
    await using workspace = await StubWorkspace.start();
    workspace.outages.push(429);
    const body = { experimentName: "x", pipeline: { steps: [{ type: "CommandStep" as const, key: "a", command: ["true"] }] } };

    const call = new ApiClient(workspace).call(submitRun, { body });

    await expect(call).rejects.toMatchObject({ status: 429 });
    expect(workspace.submitted).toEqual([]);
  });

  test.each([
    [
      "text/plain; charset=utf-8",
      "The disk is full. Free it.\n",
      "The workspace answered 503 Service Unavailable: The disk is full. Free it.",
    ],
    ["text/html", "<p>no</p>", "The workspace answered 503 Service Unavailable to POST /api/uploads"],
  ])("shows what a host says that does not answer in problem details (%s)", async (type, body, message) => {
    const server = createServer((_, response) => response.writeHead(503, { "content-type": type }).end(body));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

    const call = new ApiClient({ url, token: "t" }).call(createUpload, { body: {} as never });

    await expect(call).rejects.toMatchObject({ status: 503, message });
    server.close();
  });

  test("does not repeat what would do a thing twice", async () => {
    await using workspace = await StubWorkspace.start();
    workspace.outages.push(503);

    const call = new ApiClient(workspace).call(createUpload, { body: { size: 1 } });

    await expect(call).rejects.toMatchObject({ status: 503 });
    expect(workspace.calls).toEqual([]);
  });

  test("asks for a newer token when its own is refused", async () => {
    await using workspace = await StubWorkspace.start();
    const tokens = ["expired", workspace.token];

    const reply = await new ApiClient({ url: workspace.url, token: () => tokens.shift() ?? workspace.token }).call(getWorkspace, {});

    expect(reply.status).toBe(200);
  });

  test("says that nobody answers, and what to do", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await new Promise((resolve) => server.close(resolve));

    const call = new ApiClient({ url, token: "x" }).call(getWorkspace, {});

    await expect(call).rejects.toMatchObject({
      kind: "unreachable",
      message: `The workspace at ${url} cannot be reached: nothing listens there`,
    });
  });

  test("ends a call whose time is up, without a second try", async () => {
    let requests = 0;
    const server = createServer(() => requests++).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

    const call = new ApiClient({ url, token: "x" }).call(getWorkspace, {}, { timeoutSeconds: 0.05 });

    await expect(call).rejects.toMatchObject({ kind: "unreachable", message: expect.stringContaining("did not answer in time") });
    expect(requests).toBe(1);
    server.closeAllConnections();
    server.close();
  });

  test("refuses an answer that is not what the route promises", async () => {
    const server = createServer((_, response) => response.end('{"name": 1}')).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

    const call = new ApiClient({ url, token: "x" }).call(getWorkspace, {});

    await expect(call).rejects.toMatchObject({ message: expect.stringContaining("that this version does not understand") });
    server.closeAllConnections();
    server.close();
  });
});
