import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { answerHostRequest } from "../../../../local/host/http/host-endpoints.ts";

let server: Server | undefined;
afterEach(() => server?.close());

/** A server whose writes are never on disk. */
async function serve(): Promise<string> {
  const full = () => Promise.reject(new Error("database or disk is full"));
  server = createServer(
    (request, response) => void answerHostRequest(request, response, full, async () => ({ status: 202, body: "done" })),
  );
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("a host that cannot write to its disk", () => {
  test("says of a write that it is not done, why, and what to do", async () => {
    const answer = await fetch(await serve(), { method: "POST" });

    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await answer.text()).toMatch(/disk is full\. Free the disk .* without a restart/);
  });

  test("answers reads", async () => {
    const answer = await fetch(await serve());

    expect([answer.status, await answer.text()]).toEqual([202, "done"]);
  });
});
