import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { describe, expect, test } from "vitest";
import { commonJsApp } from "../support/temp-app.ts";
import { send, sendRaw, testHost } from "../support/test-host.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"];
const COUNTING_APP = `
  globalThis.reached = 0;
  app.http("all", { route: "{*path}", methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"], handler: () => { globalThis.reached += 1; return { body: "reached" }; } });`;
const reached = () => (globalThis as { reached?: number }).reached;
const countingHost = () =>
  testHost(commonJsApp(COUNTING_APP, { "host.json": { version: "2.0", extensions: { http: { routePrefix: "" } } } }));

describe("a request from a web page elsewhere", () => {
  const strangers: [string, Record<string, string>][] = [
    ["a foreign Origin", { origin: "https://evil.example" }],
    ["a null Origin", { origin: "null" }],
    ["an Origin on another port", { origin: "http://localhost:3000" }],
    ["an https Origin of this very host", { origin: "https://localhost:PORT" }],
    ["a Host that was rebound", { host: "evil.example:PORT" }],
    ["a Host of another port", { host: "localhost:1" }],
    ["a Host without the port", { host: "localhost" }],
    ["a Host that only begins right", { host: "localhost:PORT.evil.example" }],
    ["Sec-Fetch-Site cross-site", { "sec-fetch-site": "cross-site" }],
    ["Sec-Fetch-Site same-site", { "sec-fetch-site": "same-site" }],
  ];

  test.each(strangers)("with %s reaches nothing, by whatever method and path", async (_, headers) => {
    const host = await countingHost();
    const withPort = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace("PORT", String(host.port))]));

    const statuses = new Set<number>();
    for (const method of METHODS) {
      for (const path of [
        "/",
        "/x",
        "/admin/host/status?code=the-master-key",
        "/runtime/webhooks/durabletask/instances?code=the-master-key",
      ]) {
        statuses.add((await send(host.port, method, path, { headers: withPort })).status);
      }
    }

    expect([...statuses]).toEqual([403]);
    expect(reached()).toBe(0);
    expect(host.engine.requests).toEqual([]);
  });

  test("is told why in one line", async () => {
    const host = await countingHost();

    const answer = await send(host.port, "GET", "/x", { headers: { origin: "https://evil.example" } });

    expect(answer.text).toBe("Refused: the Origin header names another site than this server.\n");
  });
});

describe("a request from here", () => {
  test.each([
    ["no page at all", {}],
    ["localhost", { host: "localhost:PORT" }],
    ["LOCALHOST", { host: "LOCALHOST:PORT" }],
    ["::1", { host: "[::1]:PORT" }],
    ["a page of the app", { origin: "http://localhost:PORT", "sec-fetch-site": "same-origin" }],
    ["an address typed by hand", { "sec-fetch-site": "none" }],
  ])("with %s passes", async (_, headers: Record<string, string>) => {
    const host = await countingHost();
    const withPort = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace("PORT", String(host.port))]));

    const answer = await send(host.port, "GET", "/x", { headers: withPort });

    expect(answer).toMatchObject({ status: 200, text: "reached" });
  });

  test("cannot come in by another interface than loopback", async () => {
    const host = await countingHost();
    const addresses = Object.values(networkInterfaces()).flatMap((each) =>
      (each ?? []).filter((a) => !a.internal && a.family === "IPv4").map((a) => a.address),
    );

    const outcomes = await Promise.all(
      addresses.map(
        (address) =>
          new Promise((resolve) =>
            connect(host.port, address)
              .on("connect", () => resolve("open"))
              .on("error", () => resolve("closed")),
          ),
      ),
    );

    expect(outcomes).toEqual(addresses.map(() => "closed"));
  });
});

describe("/admin and /runtime", () => {
  const paths = [
    "/admin/host/status",
    "/ADMIN/functions",
    "/%61dmin/host/status",
    "/x/../admin/host/status",
    "/runtime/webhooks/durabletask/instances",
    "/runtime/webhooks/EventGrid?functionName=x",
    "/runtime",
    "/runtime/webhooks/nosuch",
  ];
  const keyless = [{}, { "x-functions-key": "" }, { "x-functions-key": "wrong" }];

  test.each(paths)("%s is closed without the secret, by every method", async (path) => {
    const host = await countingHost();

    const statuses = new Set<number>();
    for (const method of METHODS) {
      for (const headers of keyless) statuses.add((await send(host.port, method, path, { headers })).status);
    }

    expect([...statuses]).toEqual([401]);
    expect(reached()).toBe(0);
    expect(host.engine.requests).toEqual([]);
  });

  test.each([
    ["the master key in the header", { headers: { "x-functions-key": "the-master-key" } }, ""],
    ["the master key in the query", {}, "?code=the-master-key"],
  ])("open with %s", async (_, options, query) => {
    const host = await countingHost();

    const status = await send(host.port, "GET", `/admin/host/status${query}`, options);
    const webhook = await send(host.port, "GET", `/runtime/webhooks/durabletask/instances/a%20b${query}`, options);

    expect(JSON.parse(status.text)).toMatchObject({ state: "Running" });
    expect(webhook.status).toBe(202);
    expect(host.engine.requests).toMatchObject([{ method: "GET", path: "/instances/a%20b", origin: host.address }]);
  });

  test("a system key opens its own extension's webhook and nothing else", async () => {
    const host = await countingHost();
    const headers = { "x-functions-key": host.keys.system("durabletask") };

    const own = await send(host.port, "GET", "/runtime/webhooks/durabletask/instances", { headers });
    const other = await send(host.port, "POST", "/runtime/webhooks/EventGrid", { headers });
    const admin = await send(host.port, "GET", "/admin/host/status", { headers });

    expect([own.status, other.status, admin.status]).toEqual([202, 401, 401]);
  });

  test("a wrong key in the header is not mended by the right one in the query", async () => {
    const host = await countingHost();

    const answer = await send(host.port, "GET", "/admin/host/status?code=the-master-key", { headers: { "x-functions-key": "wrong" } });

    expect(answer.status).toBe(401);
  });
});

describe("a malformed request", () => {
  const line = (target: string, host: number) => `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${host}\r\nConnection: close\r\n`;
  const cases: [string, (port: number) => string | Uint8Array, RegExp][] = [
    ["no HTTP at all", () => "hello\r\n\r\n", /^HTTP\/1\.1 400 /],
    ["random bytes", () => Uint8Array.from({ length: 400 }, (_, i) => (i * 73 + 11) % 256), /^HTTP\/1\.1 400 /],
    ["an unknown method", (p) => `${line("/x", p).replace("GET", "FROB")}\r\n`, /^HTTP\/1\.1 400 /],
    ["no Host", () => "GET /x HTTP/1.1\r\nConnection: close\r\n\r\n", /^HTTP\/1\.1 400 /],
    ["no Host in HTTP/1.0", () => "GET /x HTTP/1.0\r\n\r\n", /^HTTP\/1\.1 403 /],
    ["two Hosts", (p) => `${line("/x", p)}Host: evil.example\r\n\r\n`, /^HTTP\/1\.1 40[03] /],
    [
      "both lengths",
      (p) => `${line("/x", p).replace("GET", "POST")}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      /^HTTP\/1\.1 400 /,
    ],
    ["two lengths", (p) => `${line("/x", p).replace("GET", "POST")}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd`, /^HTTP\/1\.1 400 /],
    ["a length that is no number", (p) => `${line("/x", p).replace("GET", "POST")}Content-Length: 4x\r\n\r\nabcd`, /^HTTP\/1\.1 400 /],
    ["a negative length", (p) => `${line("/x", p).replace("GET", "POST")}Content-Length: -1\r\n\r\n`, /^HTTP\/1\.1 400 /],
    ["a bad chunk size", (p) => `${line("/x", p).replace("GET", "POST")}Transfer-Encoding: chunked\r\n\r\nZZ\r\n`, /^HTTP\/1\.1 400 /],
    ["a header without a name", (p) => `${line("/x", p)}: x\r\n\r\n`, /^HTTP\/1\.1 400 /],
    ["a header that is folded", (p) => `${line("/x", p)}A: b\r\n c\r\n\r\n`, /^HTTP\/1\.1 (?:400|200) /],
    ["a header over 16 KB", (p) => `${line("/x", p)}A: ${"a".repeat(17_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ["a URL over 8 KB", (p) => `${line(`/${"a".repeat(8200)}`, p)}\r\n`, /^HTTP\/1\.1 414 /],
    ["an absolute target", (p) => `${line("http://evil.example/x", p)}\r\n`, /^HTTP\/1\.1 400 /],
    ["an asterisk target", (p) => `${line("*", p).replace("GET", "OPTIONS")}\r\n`, /^HTTP\/1\.1 400 /],
    ["CONNECT", (p) => `CONNECT evil.example:443 HTTP/1.1\r\nHost: 127.0.0.1:${p}\r\n\r\n`, /^HTTP\/1\.1 400 /],
    ["a broken escape", (p) => `${line("/%zz", p)}\r\n`, /^HTTP\/1\.1 400 /],
    ["an escape that is not UTF-8", (p) => `${line("/%ff%fe", p)}\r\n`, /^HTTP\/1\.1 400 /],
    ["an escaped NUL", (p) => `${line("/a%00b", p)}\r\n`, /^HTTP\/1\.1 400 /],
    ["bytes above ASCII in the path", (p) => Buffer.from(`${line("/\u00e9", p)}\r\n`, "latin1"), /^HTTP\/1\.1 400 /],
    [
      "a request to switch protocols",
      (p) => `${line("/x", p).replace("close", "Upgrade")}Upgrade: websocket\r\nConnection: close\r\n\r\n`,
      /^HTTP\/1\.1 (?:200|400) /,
    ],
  ];

  test.each(cases)("%s is answered with 4xx and leaves the host alive", async (_, bytes, expected) => {
    const host = await countingHost();

    const answer = await sendRaw(host.port, bytes(host.port));
    const after = await send(host.port, "GET", "/x");

    expect(answer).toMatch(expected);
    expect(after.status).toBe(200);
  });
});
