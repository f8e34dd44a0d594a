import { connect } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { commonJsApp } from "../support/temp-app.ts";
import { send, sendRaw, testHost } from "../support/test-host.ts";

/** An HTTP function by name, options and handler source. */
const http = (name: string, options: object, handler = `() => ({ body: "${name}" })`) =>
  `app.http("${name}", { ...${JSON.stringify(options)}, handler: ${handler} });\n`;
const noPrefix = { "host.json": { version: "2.0", extensions: { http: { routePrefix: "" } } } };
const chunked = (port: number, path: string, body: string) =>
  sendRaw(
    port,
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  );

describe("routing", () => {
  test("the first function by name that fits wins, and the host warns of the one that is hidden", async () => {
    const host = await testHost(commonJsApp(http("listRecent", { route: "items/recent" }) + http("getItem", { route: "items/{id}" })));

    const answer = await send(host.port, "GET", "/api/items/recent");

    expect(answer.text).toBe("getItem");
    expect(host.logText()).toContain('warning Routes "api/items/{id}" (getItem) and "api/items/recent" (listRecent) can fit the same path');
  });

  test("names are ordered ignoring case, and a narrower route that comes first is no reason to warn", async () => {
    const host = await testHost(commonJsApp(http("Zeta", { route: "x/{id}" }) + http("alpha", { route: "x/one" })));

    const [one, two] = [await send(host.port, "GET", "/api/x/one"), await send(host.port, "GET", "/api/x/two")];

    expect([one.text, two.text]).toEqual(["alpha", "Zeta"]);
    expect(host.logText()).not.toContain("warning");
  });

  test.each([
    ["POST", "/api/only"],
    ["HEAD", "/api/only"],
    ["OPTIONS", "/api/only"],
    ["GET", "/api/nothing"],
    ["GET", "/only"],
  ])("%s %s is 404 with an empty body, never 405", async (method, path) => {
    const host = await testHost(commonJsApp(http("only", { methods: ["GET"] })));

    const answer = await send(host.port, method, path);

    expect(answer).toMatchObject({ status: 404, text: "" });
    expect(answer.headers).not.toHaveProperty("access-control-allow-origin");
  });

  test("without a route the function's name is one, and the prefix of host.json comes first", async () => {
    const app = (prefix: string) =>
      commonJsApp(http("myName", {}), { "host.json": { version: "2.0", extensions: { http: { routePrefix: prefix } } } });
    const [none, deep] = [await testHost(app("")), await testHost(app("a/b"))];

    const answers = [
      await send(none.port, "GET", "/myname"),
      await send(deep.port, "GET", "/A/b/myName/"),
      await send(deep.port, "GET", "/api/myName"),
    ];

    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 404]);
  });

  test("route values arrive decoded, as texts, and an omitted one is absent", async () => {
    const host = await testHost(commonJsApp(http("values", { route: "v/{number:int}/{rest?}" }, "(r) => ({ jsonBody: r.params })")));

    const [both, one] = [await send(host.port, "GET", "/api/v/5/a%20b?x=1"), await send(host.port, "GET", "/api/v/5")];

    expect([both.text, one.text]).toEqual(['{"number":"5","rest":"a b"}', '{"number":"5"}']);
  });

  test("a second function with the same route and a method in common, or a reserved route, is in error; others go on", async () => {
    const host = await testHost(
      commonJsApp(
        http("a", { route: "same" }) +
          http("b", { route: "SAME", methods: ["GET"] }) +
          http("c", { route: "same", methods: ["PUT"] }) +
          http("d", { route: "administrators" }) +
          http("e", { route: "runtime/x" }) +
          http("f", { route: "{" }) +
          http("g", { route: "%NO_SUCH%" }),
      ),
    );

    const answers = [
      await send(host.port, "GET", "/api/same"),
      await send(host.port, "PUT", "/api/same"),
      await send(host.port, "GET", "/api/administrators"),
    ];

    expect(answers.map((answer) => [answer.status, answer.text])).toEqual([
      [200, "a"],
      [200, "c"],
      [404, ""],
    ]);
    expect(host.lines.filter((line) => line.level === "error").map((line) => line.message.slice(0, 12))).toEqual(
      ["b", "d", "e", "f", "g"].map((name) => `Function "${name}"`),
    );
  });

  test("GET / is the home page, unless a function has it or it is switched off", async () => {
    const page = await testHost(commonJsApp(http("x", {})));
    const first = await send(page.port, "GET", "/");
    await page.stop();
    const own = await testHost(commonJsApp(http("root", { route: "{*path}" }), noPrefix));
    const second = await send(own.port, "GET", "/");
    await own.stop();
    const off = await testHost(commonJsApp(http("x", {})), { settings: { AzureWebJobsDisableHomepage: "true" } });
    const third = await send(off.port, "GET", "/");

    expect([first.status, first.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
    expect([second.text, third.status]).toEqual(["root", 204]);
  });
});

describe("a request", () => {
  test("reaches the handler whole", async () => {
    const handler =
      "async (r) => ({ jsonBody: { method: r.method, url: r.url, query: [...r.query], header: r.headers.get('x-a'), text: await r.text() } })";
    const host = await testHost(commonJsApp(http("echo", {}, handler)));

    const answer = await send(host.port, "POST", "/api/echo?a=1&b=2&a=3&__proto__=x", {
      headers: { "X-A": "b", "content-length": "5" },
      body: "h\u00e9ll",
    });

    expect(JSON.parse(answer.text)).toEqual({
      method: "POST",
      url: `${host.address}/api/echo?a=1&b=2&a=3&__proto__=x`,
      query: [
        ["a", "1,3"],
        ["b", "2"],
      ],
      header: "b",
      text: "h\u00e9ll",
    });
  });

  test("whose body is chunked arrives with an empty body", async () => {
    const host = await testHost(commonJsApp(http("echo", {}, "async (r) => ({ body: '[' + (await r.text()) + ']' })")));

    const answer = await chunked(host.port, "/api/echo", "hello");

    expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*\[\]$/);
  });

  test.each([
    [10, 200],
    [11, 413],
  ])("of %i bytes is answered %i where the limit is 10", async (size, status) => {
    const host = await testHost(commonJsApp(http("echo", {}, "async (r) => ({ body: String((await r.arrayBuffer()).byteLength) })")), {
      settings: { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: "10" },
    });

    const answer = await send(host.port, "POST", "/api/echo", { body: new Uint8Array(size) });

    expect(answer.status).toBe(status);
    if (status === 413)
      expect(answer.text).toBe("The body is larger than the 10 bytes that this host accepts (FUNCTIONS_REQUEST_BODY_SIZE_LIMIT).\n");
  });

  test("whose chunked body passes the limit is refused as soon as it does", async () => {
    const host = await testHost(commonJsApp(http("echo", {})), { settings: { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: "10" } });

    const answer = await chunked(host.port, "/api/echo", "x".repeat(50));

    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  test("that breaks off in its body disturbs nothing", async () => {
    const host = await testHost(commonJsApp(http("echo", {})));
    const socket = connect(host.port, "127.0.0.1");
    await new Promise((done) => socket.on("connect", done));
    socket.write(`POST /api/echo HTTP/1.1\r\nHost: 127.0.0.1:${host.port}\r\nContent-Length: 100\r\n\r\nabc`);
    socket.destroy();

    const answer = await send(host.port, "GET", "/api/echo");

    expect(answer.status).toBe(200);
    expect(host.logText()).not.toContain("error");
  });
});

describe("a response", () => {
  test.each([
    ["nothing", "() => undefined", 204, ""],
    ["an empty object", "() => ({})", 200, ""],
    ["status 204 with a body", "() => ({ status: 204, body: 'x' })", 204, ""],
    ["a text", "() => 'text'", 500, ""],
    ["a thrown error", "() => { throw new Error('secret') }", 500, ""],
    ["a thrown text", "() => { throw 'secret' }", 500, ""],
    ["an impossible status", "() => ({ status: 1000 })", 500, ""],
    ["bytes", "() => ({ body: Buffer.from('bytes') })", 200, "bytes"],
    ["a stream", "() => ({ body: new Blob(['blob']).stream() })", 200, "blob"],
  ])("from %s", async (_, handler, status, text) => {
    const host = await testHost(commonJsApp(http("f", {}, handler)));

    const answer = await send(host.port, "GET", "/api/f");

    expect([answer.status, answer.text]).toEqual([status, text]);
    expect(host.logText().includes('error Function "f" failed')).toBe(status === 500);
  });

  test("has the headers of the handler and none of the host's beyond the connection's", async () => {
    const handler =
      "() => ({ status: 201, headers: { 'X-A': '1', 'content-length': '999', connection: 'close', 'transfer-encoding': 'chunked' }, body: 'abc' })";
    const host = await testHost(commonJsApp(http("f", {}, handler)));

    const { status, text, headers } = await send(host.port, "GET", "/api/f", { headers: { connection: "keep-alive" } });

    const { date, ...rest } = headers;
    expect(typeof date).toBe("string");
    expect({ status, text, headers: rest }).toEqual({
      status: 201,
      text: "abc",
      headers: {
        "x-a": "1",
        "content-type": "text/plain;charset=UTF-8",
        "content-length": "3",
        connection: "keep-alive",
        "keep-alive": "timeout=30",
      },
    });
  });

  test("to HEAD has the length and no body", async () => {
    const host = await testHost(commonJsApp(http("f", { methods: ["HEAD"] }, "() => ({ body: 'four' })")));

    const answer = await send(host.port, "HEAD", "/api/f");

    expect([answer.status, answer.headers["content-length"], answer.text]).toEqual([200, "4", ""]);
  });

  test("sets cookies, leaving out what is not given", async () => {
    const cookies = [
      {
        name: "a",
        value: "1 2",
        sameSite: "None",
        secure: true,
        httpOnly: true,
        maxAge: 60,
        domain: "example.com",
        path: "/p; secure",
        expires: 0,
      },
      { name: "b", value: "x" },
    ];
    const host = await testHost(commonJsApp(http("f", {}, `() => ({ cookies: ${JSON.stringify(cookies)} })`)));

    const answer = await send(host.port, "GET", "/api/f");

    expect(answer.headers["set-cookie"]).toEqual([
      "a=1%202; max-age=60; domain=example.com; path=/p secure; secure; samesite=none; httponly",
      "b=x; path=/",
    ]);
  });

  test("to a writing request waits until its effect is on disk; to a reading or failing one it does not", async () => {
    const host = await testHost(commonJsApp(http("ok", {}) + http("bad", {}, "() => ({ status: 400 })")));

    await send(host.port, "GET", "/api/ok");
    await send(host.port, "POST", "/api/bad");
    const before = host.engine.syncs;
    await send(host.port, "POST", "/api/ok");

    expect([before, host.engine.syncs]).toEqual([0, 1]);
  });
});

describe("keys", () => {
  const app = () =>
    commonJsApp(
      ["anonymous", "function", "admin"].map((authLevel) => http(`of-${authLevel}`, { authLevel })).join("") +
        http("off", { authLevel: "function" }),
    );
  const settings = { "AzureWebJobs.off.Disabled": "true" };

  test("are not asked for by default, as with Core Tools", async () => {
    const host = await testHost(app());

    const answers = await Promise.all(["of-anonymous", "of-function", "of-admin"].map((name) => send(host.port, "GET", `/api/${name}`)));

    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
  });

  test.each([
    ["none", () => undefined, [200, 401, 401, 401]],
    ["a wrong one", () => "wrong", [200, 401, 401, 401]],
    ["the function's own", (keys: { function(name: string): string }) => keys.function("OF-FUNCTION"), [200, 200, 401, 401]],
    ["another function's", (keys: { function(name: string): string }) => keys.function("other"), [200, 401, 401, 401]],
    ["the host's", (keys: { host: string }) => keys.host, [200, 200, 401, 404]],
    ["the master key", (keys: { master: string }) => keys.master, [200, 200, 200, 200]],
  ])("when enforced, with %s: anonymous, function, admin, disabled function", async (_, keyOf, expected) => {
    const host = await testHost(app(), { enforceKeys: true, settings });
    const key = keyOf(host.keys);

    const answers = await Promise.all(
      ["of-anonymous", "of-function", "of-admin", "off"].map((name) =>
        send(host.port, "GET", `/api/${name}`, { headers: key === undefined ? {} : { "x-functions-key": key } }),
      ),
    );

    expect(answers.map((answer) => answer.status)).toEqual(expected);
    expect(answers.filter((answer) => answer.status !== 200).every((answer) => answer.text === "")).toBe(true);
  });

  test("are taken from the header before the query", async () => {
    const host = await testHost(app(), { enforceKeys: true });
    const query = `?code=${host.keys.master}`;

    const answers = [
      await send(host.port, "GET", `/api/of-function${query}`),
      await send(host.port, "GET", `/api/of-function${query}`, { headers: { "x-functions-key": "wrong" } }),
    ];

    expect(answers.map((answer) => answer.status)).toEqual([200, 401]);
  });

  test.each(["AzureWebJobs.off.Disabled", "AzureWebJobs__off__Disabled", "AzureWebJobs_off_Disabled"])(
    "%s switches a function off for all but the master key",
    async (setting) => {
      const host = await testHost(app(), { settings: { [setting]: "1" } });

      const answers = [await send(host.port, "GET", "/api/off"), await send(host.port, "GET", `/api/off?code=${host.keys.master}`)];

      expect(answers.map((answer) => answer.status)).toEqual([404, 200]);
    },
  );
});

describe("load limits", () => {
  const limited = (limits: object) =>
    commonJsApp(
      http(
        "wait",
        {},
        "async () => { globalThis.running = (globalThis.running ?? 0) + 1; globalThis.most = Math.max(globalThis.most ?? 0, globalThis.running); await globalThis.gate; globalThis.running -= 1; return {}; }",
      ),
      { "host.json": { version: "2.0", extensions: { http: limits } } },
    );
  const counters = globalThis as { running?: number; most?: number; gate?: Promise<void> };

  test("maxOutstandingRequests answers 429 beyond it", async () => {
    const gate = Promise.withResolvers<void>();
    Object.assign(counters, { running: 0, most: 0, gate: gate.promise });
    const host = await testHost(limited({ maxOutstandingRequests: 1 }));
    const first = send(host.port, "GET", "/api/wait");
    await vi.waitFor(() => expect(counters.running).toBe(1));

    const second = await send(host.port, "GET", "/api/wait");
    gate.resolve();

    expect([second.status, (await first).status]).toEqual([429, 200]);
    expect(second.text).toBe("");
    expect(second.headers).not.toHaveProperty("retry-after");
  });

  test("a host that is full says so before it asks for a key, and is open to its administrator", async () => {
    const gate = Promise.withResolvers<void>();
    Object.assign(counters, { running: 0, most: 0, gate: gate.promise });
    const host = await testHost(limited({ maxOutstandingRequests: 1 }), { enforceKeys: true });
    const first = send(host.port, "GET", "/api/wait");
    await vi.waitFor(() => expect(counters.running).toBe(1));

    const answers = [
      await send(host.port, "POST", "/runtime/webhooks/eventgrid?functionName=x"),
      await send(host.port, "GET", "/api/nothing"),
      await send(host.port, "GET", "/admin/host/status", { headers: { "x-functions-key": host.keys.master } }),
    ];
    gate.resolve();
    await first;

    expect(answers.map(({ status }) => status)).toEqual([429, 429, 200]);
  });

  test("dynamicThrottlesEnabled changes nothing: its counters are those of a sandbox in Azure", async () => {
    Object.assign(counters, { running: 0, most: 0, gate: Promise.resolve() });
    const host = await testHost(limited({ dynamicThrottlesEnabled: true }));

    const answer = await send(host.port, "GET", "/api/wait");

    expect(answer.status).toBe(200);
  });

  test("maxConcurrentRequests lets the rest wait", async () => {
    Object.assign(counters, { running: 0, most: 0, gate: new Promise((done) => setImmediate(done)) });
    const host = await testHost(limited({ maxConcurrentRequests: 2 }));

    const answers = await Promise.all(Array.from({ length: 6 }, () => send(host.port, "GET", "/api/wait")));

    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(counters.most).toBeLessThanOrEqual(2);
  });
});
