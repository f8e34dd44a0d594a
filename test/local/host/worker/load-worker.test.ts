import { resolve } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { LoadedWorker } from "../../../../local/host/worker/load-worker.ts";
import { loadWorker } from "../../../../local/host/worker/load-worker.ts";
import { capturedLog } from "../support/captured-log.ts";
import { commonJsApp, tempApp } from "../support/temp-app.ts";

async function load(appRoot: string, log = capturedLog()): Promise<LoadedWorker> {
  const worker = await loadWorker({ appRoot, log: log.log });
  onTestFinished(() => worker.dispose());
  return worker;
}

/** Runs a function whose only input is its trigger's. */
function run(worker: LoadedWorker, functionName: string, input = {}) {
  const trigger = worker.functions.get(functionName)?.trigger.name ?? "";
  return worker.invoke({ functionName, inputs: { [trigger]: input } });
}

const generic = (name: string, handler: string) =>
  `app.generic("${name}", { trigger: { type: "activityTrigger", name: "input" }, handler: ${handler} });`;

describe("loading an app", () => {
  test("a CommonJS app registers its functions", async () => {
    const worker = await load(commonJsApp(generic("add", "(x) => x + 1")));

    const result = await run(worker, "add", { string: "123" });

    expect(result.returnValue).toEqual({ int: 124 });
  });

  test("an ES module app registers its functions, top-level await included", async () => {
    const root = tempApp({
      "package.json": { type: "module", main: "dist/*.js" },
      "dist/a.js": `import { app } from "@azure/functions"; import { two } from "../lib/two.js"; await null; app.generic("a", { trigger: { type: "activityTrigger" }, handler: () => two });`,
      "lib/two.js": "export const two = 2;",
    });

    const worker = await load(root);

    expect((await run(worker, "a")).returnValue).toEqual({ int: 2 });
  });

  test("a module that asks for the core by createRequire gets it, as a bundle does", async () => {
    const root = tempApp({
      "package.json": { type: "module", main: "main.mjs" },
      "main.mjs": `import { createRequire } from "node:module"; import { app } from "@azure/functions"; const require = createRequire(import.meta.url); const core = require("@azure/functions-core"); app.generic("hostVersion", { trigger: { type: "activityTrigger" }, handler: () => core.hostVersion });`,
    });

    const worker = await load(root);

    expect((await run(worker, "hostVersion")).returnValue).toEqual({ string: expect.stringMatching(/^4\./) });
  });

  test("the same ES module app can be loaded again, and is evaluated again", async () => {
    const root = tempApp({
      "package.json": { type: "module", main: "main.js" },
      "main.js": `import { app } from "@azure/functions"; import { at } from "./when.js"; app.generic("at", { trigger: { type: "activityTrigger" }, handler: () => at });`,
      "when.js": "globalThis.loadsOfWhen = (globalThis.loadsOfWhen ?? 0) + 1; export const at = globalThis.loadsOfWhen;",
    });
    const first = await load(root);
    await first.dispose();

    const second = await load(root);

    expect((await run(first, "at")).returnValue).toEqual({ int: 1 });
    expect((await run(second, "at")).returnValue).toEqual({ int: 2 });
  });

  test("files that match the glob load in order of their names", async () => {
    const file = (name: string) =>
      `globalThis.order = [...(globalThis.order ?? []), "${name}"]; require("@azure/functions").app.timer("${name}", { schedule: "0 0 0 1 1 *", handler() {} });`;
    const root = tempApp({
      "package.json": { main: "src/{a,b}*.js" },
      "src/b.js": file("b"),
      "src/a.js": file("a"),
      "src/c.js": "throw 1",
    });

    await load(root);

    expect((globalThis as { order?: string[] }).order).toEqual(["a", "b"]);
  });

  test.each([
    ["no package.json", {}, "package.json", /Cannot read .*package\.json/],
    ["no main", { "package.json": {} }, undefined, /has no "main"/],
    [
      "a main that matches nothing",
      { "package.json": { main: "dist/*.js" } },
      undefined,
      /No file matches "main" \("dist\/\*\.js"\).*built/,
    ],
    ["a file that throws", { "index.js": "throw new Error('boom')" }, undefined, /index\.js could not be loaded: boom/],
  ])("%s is refused with the file and the reason", async (_, files, missing, message) => {
    const root = tempApp(files);
    if (missing) (await import("node:fs")).rmSync(`${root}/${missing}`);

    const loading = loadWorker({ appRoot: root, log: capturedLog().log });

    await expect(loading).rejects.toThrow(message);
  });
});

describe("registration", () => {
  test.each([
    ["queueTrigger", 'app.storageQueue("q", { queueName: "x", connection: "", handler() {} })'],
    ["blobTrigger", 'app.storageBlob("b", { path: "x", connection: "", handler() {} })'],
    ["entityTrigger", 'app.generic("e", { trigger: { type: "entityTrigger" }, handler() {} })'],
    [
      "queue",
      'const { output } = require("@azure/functions"); app.http("o", { extraOutputs: [output.storageQueue({ queueName: "x", connection: "" })], handler() {} })',
    ],
  ])("a binding of type %s is refused by name", async (type, body) => {
    const loading = loadWorker({ appRoot: commonJsApp(body), log: capturedLog().log });

    await expect(loading).rejects.toThrow(`has a binding of type "${type}"`);
  });

  test("two functions of one name are refused, whatever their case", async () => {
    const loading = loadWorker({ appRoot: commonJsApp(generic("twice", "() => 1") + generic("Twice", "() => 2")), log: capturedLog().log });

    await expect(loading).rejects.toThrow('"Twice" is registered already');
  });

  test("a function cannot be registered once the app has started", async () => {
    const worker = await load(commonJsApp(generic("late", `() => { ${generic("tooLate", "() => 1")} }`)));

    await expect(run(worker, "late")).rejects.toThrow("can only be registered during app startup");
  });

  test("a hook of an unknown name is a RangeError of the system's", async () => {
    const root = commonJsApp(
      `let caught; try { require("@azure/functions-core").registerHook("noSuchHook", () => {}); } catch (e) { caught = { name: e.name, system: e.isAzureFunctionsSystemError }; }\n${generic("caught", "() => caught")}`,
    );

    const worker = await load(root);

    expect((await run(worker, "caught")).returnValue).toEqual({ json: '{"name":"RangeError","system":true}' });
  });
});

describe("typed data", () => {
  const echo = generic("echo", "(x) => ({ type: Buffer.isBuffer(x) ? 'buffer' : x === null ? 'null' : typeof x, x })");

  test.each([
    [{ string: "123" }, { type: "number", x: 123 }],
    [{ string: "true" }, { type: "boolean", x: true }],
    [{ string: "True" }, { type: "string", x: "True" }],
    [{ string: "plain" }, { type: "string", x: "plain" }],
    [{ json: '{"a":[1]}' }, { type: "object", x: { a: [1] } }],
    [{}, { type: "undefined" }],
    [{ bytes: new Uint8Array([1, 2]) }, { type: "buffer", x: { type: "Buffer", data: [1, 2] } }],
    [{ int: 7 }, { type: "number", x: 7 }],
  ])("%j arrives as the library makes it", async (input, expected) => {
    const worker = await load(commonJsApp(echo));

    const { returnValue } = await run(worker, "echo", input);

    expect(JSON.parse(returnValue?.json ?? "")).toEqual(expected);
  });

  test.each([
    ["'text'", { string: "text" }],
    ["3", { int: 3 }],
    ["3.5", { double: 3.5 }],
    ["true", { json: "true" }],
    ["[1]", { json: "[1]" }],
    ["undefined", undefined],
    ["null", undefined],
  ])("a result of %s leaves as its kind", async (result, expected) => {
    const worker = await load(commonJsApp(generic("give", `() => (${result})`)));

    const { returnValue } = await run(worker, "give");

    expect(returnValue).toEqual(expected);
  });
});

describe("hooks", () => {
  test("run in order around the handler, and may replace inputs, handler, result and error", async () => {
    const root = commonJsApp(`
      const order = [];
      app.hook.appStart(() => order.push("start"));
      app.hook.preInvocation((c) => { order.push("pre1"); c.hookData.seen = 1; c.inputs = [c.inputs[0] * 10]; });
      app.hook.preInvocation((c) => { order.push("pre2:" + c.hookData.seen); const inner = c.functionHandler; c.functionHandler = async (...a) => { order.push("handler:" + a[0]); return inner(...a); }; });
      app.hook.postInvocation((c) => { order.push("post:" + (c.error ? c.error.message : c.result)); if (c.error) { c.error = undefined; c.result = order.slice(); } });
      ${generic("fails", "() => { throw new Error('boom') }")}`);
    const worker = await load(root);

    const { returnValue } = await run(worker, "fails", { string: "4" });

    expect(JSON.parse(returnValue?.json ?? "")).toEqual(["start", "pre1", "pre2:1", "handler:40", "post:boom"]);
  });

  test("the data of a hook's context cannot be assigned", async () => {
    const worker = await load(
      commonJsApp(`require("@azure/functions-core").registerHook("preInvocation", (c) => { c.hookData = {}; });${generic("f", "() => 1")}`),
    );

    await expect(run(worker, "f")).rejects.toThrow('"hookData" of a hook\'s context cannot be assigned');
  });

  test("one that fails at the start fails the start", async () => {
    const loading = loadWorker({
      appRoot: commonJsApp(`app.hook.appStart(() => { throw new Error("not today") });${generic("f", "() => 1")}`),
      log: capturedLog().log,
    });

    await expect(loading).rejects.toThrow("not today");
  });

  test("appTerminate runs when the worker is disposed of", async () => {
    const worker = await loadWorker({
      appRoot: commonJsApp(`app.hook.appTerminate(() => { globalThis.terminated = true });${generic("f", "() => 1")}`),
      log: capturedLog().log,
    });

    await worker.dispose();

    expect((globalThis as { terminated?: boolean }).terminated).toBe(true);
  });

  test("a log hook may rewrite a line", async () => {
    const log = capturedLog();
    const worker = await load(
      commonJsApp(
        `app.hook.log((c) => { if (c.category === "user") { c.level = "error"; c.message = c.message.toUpperCase(); } });${generic("f", "(x, c) => c.info('hello')")}`,
      ),
      log,
    );

    await run(worker, "f");

    expect(log.lines).toContainEqual({
      level: "error",
      message: "HELLO",
      detail: expect.objectContaining({ functionName: "f", category: "user" }),
    });
  });
});

describe("invoking", () => {
  test("the name is matched ignoring case", async () => {
    const worker = await load(commonJsApp(generic("mixedCase", "() => 1")));

    const result = await worker.invoke({ functionName: "MIXEDcase", inputs: {} });

    expect(result.returnValue).toEqual({ int: 1 });
  });

  test.each(["'text'", "{ code: 1 }", "new TypeError('t')"])("what the handler throws (%s) comes out untouched", async (thrown) => {
    const worker = await load(commonJsApp(`globalThis.thrown = ${thrown};${generic("f", "() => { throw globalThis.thrown }")}`));

    const error = await run(worker, "f").catch((e: unknown) => e);

    expect(error).toBe((globalThis as { thrown?: unknown }).thrown);
  });

  test("throwing undefined or null counts as success, as in the worker", async () => {
    const worker = await load(commonJsApp(generic("f", "() => { throw undefined }")));

    const result = await run(worker, "f");

    expect(result.returnValue).toBeUndefined();
  });

  test("a log call after the end is delivered, with a warning", async () => {
    const log = capturedLog();
    const worker = await load(commonJsApp(generic("f", "(x, c) => { globalThis.lateLog = () => c.info('late') }")), log);
    await run(worker, "f");

    (globalThis as { lateLog?: () => void }).lateLog?.();

    expect(log.text()).toMatch(/warning Warning: Unexpected call to 'log'[\s\S]*information late/);
  });

  test("a function that outlives functionTimeout fails and says so", async () => {
    const worker = await loadWorker({
      appRoot: commonJsApp(generic("hangs", "() => new Promise(() => {})")),
      log: capturedLog().log,
      functionTimeoutSeconds: 0.01,
    });

    await expect(run(worker, "hangs")).rejects.toThrow('"hangs" ran longer than "functionTimeout"');
  });

  test("an unknown function is named", async () => {
    const worker = await load(commonJsApp(generic("f", "() => 1")));

    await expect(worker.invoke({ functionName: "g", inputs: {} })).rejects.toThrow('no function "g"');
  });
});

describe("an app of durable functions", () => {
  test("loads, and its orchestrators and activities are there", async () => {
    const worker = await load(resolve(import.meta.dirname, "../../../fixtures/durable/app"));

    const types = new Set([...worker.functions.values()].map((f) => f.trigger.binding.type));

    expect(types).toEqual(new Set(["httpTrigger", "orchestrationTrigger", "activityTrigger"]));
  });
});
