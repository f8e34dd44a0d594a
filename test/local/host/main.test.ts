import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { commonJsApp, tempFolder } from "./support/temp-app.ts";
import { send } from "./support/test-host.ts";

const ROOT = join(import.meta.dirname, "../../..");
let program = "";

/** Built as `dist/local/host/main.js` is, but into a folder of its own. */
beforeAll(async () => {
  program = join(mkdtempSync(join(tmpdir(), "host-main-")), "main.mjs");
  await build({
    absWorkingDir: ROOT,
    entryPoints: ["local/host/main.ts"],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    external: ["@azure/functions-core"],
    banner: { js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);' },
  });
});

afterAll(() => rmSync(dirname(program), { recursive: true, force: true }));

/** The command with these arguments, and everything it has written so far. */
function run(...args: string[]) {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program, ...args], { stdio: "pipe" });
  const output = { text: "" };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output.text += String(chunk)));
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return { child, output, exited: once(child, "exit").then(([code]) => code as number) };
}

describe("the command", () => {
  test("runs an app, says where, and ends on SIGTERM", async () => {
    const [app, state] = [commonJsApp('app.http("hello", { handler: () => ({ body: "hello" }) });'), tempFolder()];
    const { child, output, exited } = run("--app", app, "--state", state, "--port", "0");
    while (!output.text.includes("The host answers")) await once(child.stdout, "data");
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(output.text)?.[1]);
    const key = readFileSync(join(state, "master-key"), "utf8").trim();

    const hello = await send(port, "GET", "/api/hello");
    const status = await send(port, "GET", "/admin/host/status", { headers: { "x-functions-key": key } });
    child.kill("SIGTERM");

    expect([hello.text, status.status, await exited]).toEqual(["hello", 200, 0]);
    expect(statSync(join(state, "master-key")).mode & 0o777).toBe(0o600);
    expect(output.text).not.toContain(key);
  });

  test.each([
    ["an app that is not there", ["--app", "/no/such/app", "--state", "STATE"], /host\.json cannot be read/],
    ["a port that is none", ["--app", "APP", "--state", "STATE", "--port", "99999"], /0 to 65535/],
    ["no app", ["--state", "STATE"], /--app <folder>/],
    ["an app that fails", ["--app", "APP", "--state", "STATE", "--port", "0"], /index\.js could not be loaded: no good/],
  ])("with %s ends with code 1 and a sentence", async (_, args, message) => {
    const places: Record<string, string> = { APP: commonJsApp("throw new Error('no good')"), STATE: tempFolder() };

    const { output, exited } = run(...args.map((arg) => places[arg] ?? arg));

    expect(await exited).toBe(1);
    expect(output.text).toMatch(message);
  });
});
