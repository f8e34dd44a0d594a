import { execFileSync } from "node:child_process";
import { createServer } from "node:net";
import { resolve } from "node:path";
import { describe, expect, test, vi } from "vitest";
import type { HostOptions } from "../../../local/host/host.ts";
import { PortInUseError, SettingsError, StateInUseError, startHost } from "../../../local/host/host.ts";
import { openDurable } from "../../../local/host/open-durable.ts";
import { commonJsApp, tempApp, tempFolder } from "./support/temp-app.ts";
import { send, testHost } from "./support/test-host.ts";

const hello = () => commonJsApp('app.http("hello", { handler: () => ({ body: "hello" }) });');
const options = (appRoot: string, more: Partial<HostOptions> = {}): HostOptions => ({
  appRoot,
  stateFolder: tempFolder(),
  port: 0,
  log: () => {},
  ...more,
});

describe("a host", () => {
  test("answers at its address until it is stopped, and stops in time", async () => {
    const host = await testHost(hello());
    const before = await send(host.port, "GET", "/api/hello");
    const startedAt = performance.now();

    await host.stop();

    expect(before).toMatchObject({ status: 200, text: "hello" });
    expect(host.address).toBe(`http://127.0.0.1:${host.port}`);
    expect(performance.now() - startedAt).toBeLessThan(1000);
    await expect(send(host.port, "GET", "/api/hello")).rejects.toThrow("ECONNREFUSED");
    expect(host.engine.events).toEqual(["start", "stop"]);
  });

  test("ends a long poll and lets a writing request finish when it stops", async () => {
    const app = commonJsApp(`
      app.http("poll", { methods: ["GET"], handler: () => { globalThis.polling(); return new Promise(() => {}); } });
      app.http("write", { methods: ["POST"], handler: async () => { globalThis.writing(); await globalThis.released; return { body: "written" }; } });`);
    const [polling, writing, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    Object.assign(globalThis, { polling: polling.resolve, writing: writing.resolve, released: released.promise });
    const host = await testHost(app);
    const answers = Promise.all([send(host.port, "GET", "/api/poll"), send(host.port, "POST", "/api/write")]);
    await Promise.all([polling.promise, writing.promise]);

    const stopping = host.stop();
    released.resolve();
    const [poll, write] = await answers;
    await stopping;

    expect(poll).toMatchObject({ status: 503, headers: { connection: "close" } });
    expect(write).toMatchObject({ status: 200, text: "written" });
  });

  test("ends a writing request that never ends, too", async () => {
    const entered = Promise.withResolvers<void>();
    Object.assign(globalThis, { entered: entered.resolve });
    const host = await testHost(
      commonJsApp('app.http("stuck", { methods: ["POST"], handler: () => { globalThis.entered(); return new Promise(() => {}); } });'),
    );
    const answer = send(host.port, "POST", "/api/stuck").catch((error: Error) => error.message);
    await entered.promise;

    await host.stop(20);

    expect(await answer).toMatch(/socket hang up|ECONNRESET/);
  });

  test("says which port is in use", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((done) => other.once("listening", done));
    const { port } = other.address() as { port: number };
    const stateFolder = tempFolder();

    const starting = startHost(options(hello(), { port, stateFolder }));

    await expect(starting).rejects.toThrow(PortInUseError);
    await expect(starting).rejects.toMatchObject({ port, message: expect.stringContaining(`Port ${port} of 127.0.0.1 is in use`) });
    other.close();
    const retry = await startHost(options(hello(), { stateFolder }));
    await retry.stop();
  });

  test("keeps a second host off its state folder, naming the process", async () => {
    const stateFolder = tempFolder();
    await testHost(hello(), { stateFolder });

    const second = startHost(options(hello(), { stateFolder }));

    await expect(second).rejects.toThrow(StateInUseError);
    await expect(second).rejects.toThrow(`in use by another host (process ${process.pid})`);
  });

  test("gives its state folder free when it stops, and when its process is killed", async () => {
    const stateFolder = tempFolder();
    const lock = resolve(import.meta.dirname, "../../../local/host/state-lock.ts");
    const killed = `import { lockStateFolder } from ${JSON.stringify(lock)}; lockStateFolder(${JSON.stringify(stateFolder)}); process.kill(process.pid, "SIGKILL");`;
    expect(() =>
      execFileSync(
        process.execPath,
        ["--input-type=module", "--experimental-strip-types", "--disable-warning=ExperimentalWarning", "-e", killed],
        { stdio: "pipe" },
      ),
    ).toThrow(/SIGKILL|failed/);

    const first = await startHost(options(hello(), { stateFolder }));
    await first.stop();
    const second = await startHost(options(hello(), { stateFolder }));
    await second.stop();

    expect(second.port).toBeGreaterThan(0);
  });

  test("lets requests that come while it starts wait", async () => {
    const app = tempApp({
      "package.json": { type: "module", main: "main.js" },
      "main.js": `import { app } from "@azure/functions"; globalThis.loading(process.env.WEBSITE_HOSTNAME); await globalThis.goOn; app.http("early", { handler: () => ({ body: "here" }) });`,
    });
    const [loading, goOn] = [Promise.withResolvers<string>(), Promise.withResolvers<void>()];
    Object.assign(globalThis, { loading: loading.resolve, goOn: goOn.promise });
    const starting = testHost(app);
    const hostname = await loading.promise;

    const answer = send(Number(hostname.split(":")[1]), "GET", "/api/early");
    goOn.resolve();
    await starting;

    expect(await answer).toMatchObject({ status: 200, text: "here" });
  });

  test("leaves nothing behind when the app cannot be loaded", async () => {
    const stateFolder = tempFolder();
    const broken = startHost(options(commonJsApp("throw new Error('broken')"), { stateFolder }));
    await expect(broken).rejects.toThrow("broken");

    const host = await testHost(hello(), { stateFolder });

    expect((await send(host.port, "GET", "/api/hello")).status).toBe(200);
    expect(process.env["WEBSITE_HOSTNAME"]).toBe(`127.0.0.1:${host.port}`);
  });

  test("runs orchestrations by the client that the app is given", async () => {
    const app = commonJsApp(`
      const df = require("durable-functions");
      df.app.orchestration("double", function* (context) { return yield context.df.callActivity("twice", context.df.getInput()); });
      df.app.activity("twice", { handler: (n) => n * 2 });
      app.http("start", { methods: ["POST"], extraInputs: [df.input.durableClient()], handler: async (request, context) => {
        const client = df.getClient(context);
        const id = await client.startNew("double", { input: 21 });
        const status = await client.waitForCompletionOrCreateCheckStatusResponse(request, id, { timeoutInMilliseconds: 5000, retryIntervalInMilliseconds: 20 });
        return { jsonBody: { output: await status.json(), urls: await client.createCheckStatusResponse(request, id).json() } };
      } });`);
    const host = await testHost(app, { openDurable });

    const answer = await send(host.port, "POST", "/api/start");
    const byName = await send(host.port, "POST", "/api/start", { headers: { host: `localhost:${host.port}` } });
    const { output, urls } = JSON.parse(answer.text);
    const status = await fetch(urls.statusQueryGetUri);

    expect(output).toBe(42);
    expect(urls.statusQueryGetUri).toContain(`${host.address}/runtime/webhooks/durabletask/instances/`);
    expect(JSON.parse(byName.text).urls.statusQueryGetUri).toContain(`http://localhost:${host.port}/runtime/`);
    expect(await status.json()).toMatchObject({ runtimeStatus: "Completed", output: 42 });
  });
});

describe("settings", () => {
  const show = (name: string, files = {}) =>
    commonJsApp(`app.http("show", { handler: () => ({ body: String(process.env[${JSON.stringify(name)}]) }) });`, files);
  const value = async (name: string, files = {}, settings: Record<string, string> = {}) => {
    const host = await testHost(show(name, files), { settings });
    const answer = await send(host.port, "GET", "/api/show");
    await host.stop();
    return answer.text;
  };

  test("come from the host, the environment, the caller and local.settings.json, in that order", async () => {
    vi.stubEnv("SET_OUTSIDE", "outside");
    const files = {
      "local.settings.json": {
        IsEncrypted: false,
        Values: { SET_OUTSIDE: "file", BOTH: "file", ONLY_FILE: "file", FUNCTIONS_WORKER_RUNTIME: "python" },
      },
    };

    const found = [
      await value("SET_OUTSIDE", files),
      await value("BOTH", files, { BOTH: "caller" }),
      await value("ONLY_FILE", files),
      await value("FUNCTIONS_WORKER_RUNTIME", files),
    ];

    expect(found).toEqual(["outside", "caller", "file", "node"]);
    expect(process.env["ONLY_FILE"]).toBeUndefined();
    vi.unstubAllEnvs();
  });

  test.each([
    [{ version: "1.0" }, /host\.json is not right\. "version": must be "2\.0"/],
    [{}, /"version"/],
    [{ version: "2.0", functionTimeout: "ten" }, /"functionTimeout": "ten" is no time span/],
    [{ version: "2.0", extensions: { http: { routePrefix: 5 } } }, /"extensions\.http\.routePrefix"/],
    [{ version: "2.0", logging: { logLevel: { default: "loud" } } }, /"logging\.logLevel\.default": "loud" is none of Trace/],
    ["{ nope", /host\.json cannot be read/],
  ])("a host.json of %j is refused by its key", async (content, message) => {
    const starting = startHost(options(commonJsApp("", { "host.json": content })));

    await expect(starting).rejects.toThrow(SettingsError);
    await expect(starting).rejects.toThrow(message);
  });

  test("an encrypted local.settings.json is refused", async () => {
    const starting = startHost(options(commonJsApp("", { "local.settings.json": { IsEncrypted: true } })));

    await expect(starting).rejects.toThrow('"IsEncrypted": must be false');
  });

  test("logging.logLevel decides what is logged", async () => {
    const app = commonJsApp('app.http("chatty", { handler: (_, c) => { c.debug("quiet"); c.info("middle"); c.error("loud"); } });', {
      "host.json": { version: "2.0", logging: { logLevel: { default: "Debug", "Function.chatty": "Error" } } },
    });
    const host = await testHost(app);

    await send(host.port, "GET", "/api/chatty");

    expect(host.lines.filter((line) => line.detail?.["functionName"] === "chatty").map((line) => line.message)).toEqual(["loud"]);
  });
});
