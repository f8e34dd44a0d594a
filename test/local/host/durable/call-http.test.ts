import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sendHttp } from "../../../../local/host/durable/call-http.ts";

let server: Server;
let origin: string;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    response.writeHead(201, { "X-Test": "yes", "Content-Type": "text/plain" });
    response.end(`${request.method} ${request.headers["content-type"]} ${body}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe("callHttp's request", () => {
  test("sends content as text and reports status, content and headers, but not those of the content", async () => {
    const answer = await sendHttp({ method: "POST", uri: `${origin}/x`, content: "hello" });

    expect(answer).toMatchObject({ statusCode: 201, content: "POST text/plain; charset=utf-8 hello", headers: { "X-Test": "yes" } });
    expect(Object.keys(answer.headers).map((name) => name.toLowerCase())).not.toContain("content-type");
  });

  test("fails with .NET's words when nobody listens", async () => {
    await expect(sendHttp({ method: "GET", uri: "http://127.0.0.1:9/x" })).rejects.toThrow("Connection refused (127.0.0.1:9)");
  });

  test.each(["file:///etc/hostname", "ftp://127.0.0.1/x"])("refuses %s", async (uri) => {
    await expect(sendHttp({ method: "GET", uri })).rejects.toThrow("callHttp takes http and https addresses");
  });

  test("refuses a token source, since there is no identity here", async () => {
    await expect(sendHttp({ method: "GET", uri: origin, tokenSource: { kind: "AzureManagedIdentity" } })).rejects.toThrow(
      "works in Azure only",
    );
  });
});
