import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { onTestFinished } from "vitest";

const NODE_MODULES = resolve(import.meta.dirname, "../../../../node_modules");

/** A folder of its own for one test, gone when the test ends. */
export function tempFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "host-test-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An app in a folder of its own, with the project's packages. `files` are texts by path; objects are written as JSON. */
export function tempApp(files: Record<string, string | object>): string {
  const root = tempFolder();
  for (const [path, content] of Object.entries({ "package.json": { main: "index.js" }, "host.json": { version: "2.0" }, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === "string" ? content : JSON.stringify(content));
  }
  symlinkSync(NODE_MODULES, join(root, "node_modules"));
  return root;
}

/** A CommonJS app of one file whose body sees `app` of the library. */
export function commonJsApp(body: string, files: Record<string, string | object> = {}): string {
  return tempApp({ "index.js": `const { app } = require("@azure/functions");\n${body}`, ...files });
}
