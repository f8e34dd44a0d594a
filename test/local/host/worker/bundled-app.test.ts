import { join } from "node:path";
import { build } from "esbuild";
import { describe, expect, onTestFinished, test } from "vitest";
import { loadWorker } from "../../../../local/host/worker/load-worker.ts";
import { capturedLog } from "../support/captured-log.ts";
import { tempApp } from "../support/temp-app.ts";

/** An app as it is deployed: one ES module with its libraries in it, which asks for the core by a `require` of its own. */
async function bundledApp(source: string): Promise<string> {
  const root = tempApp({ "package.json": { type: "module", main: "dist/main.js" }, "src/main.js": source });
  await build({
    absWorkingDir: root,
    entryPoints: ["src/main.js"],
    outfile: join(root, "dist/main.js"),
    bundle: true,
    platform: "node",
    format: "esm",
    external: ["@azure/functions-core"],
    banner: { js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);' },
    logLevel: "silent",
  });
  return root;
}

describe("a bundled app", () => {
  test("registers its functions, durable ones included, each time it is loaded", async () => {
    const root = await bundledApp(`
      import { app } from "@azure/functions";
      import * as df from "durable-functions";
      app.http("web", { handler: () => ({ status: 204 }) });
      df.app.orchestration("run", function* () {});`);
    const first = await loadWorker({ appRoot: root, log: capturedLog().log });
    await first.dispose();

    const second = await loadWorker({ appRoot: root, log: capturedLog().log });
    onTestFinished(() => second.dispose());

    expect([...first.functions.keys()]).toEqual(["web", "run"]);
    expect([...second.functions.keys()]).toEqual(["web", "run"]);
  });

  test("that switches HTTP streaming on is refused", async () => {
    const root = await bundledApp(
      `import { app } from "@azure/functions"; app.setup({ enableHttpStream: true }); app.http("web", { handler: () => ({}) });`,
    );

    const loading = loadWorker({ appRoot: root, log: capturedLog().log });

    await expect(loading).rejects.toThrow("enableHttpStream");
  });
});
