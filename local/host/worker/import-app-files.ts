import { createRequire } from "node:module";
import { sep } from "node:path";
import { pathToFileURL } from "node:url";
import type { AppFile } from "./app-files.ts";
import { installCoreModule, nativeImport } from "./core-module.ts";
import { SystemError } from "./system-error.ts";

const require = createRequire(import.meta.url);

/**
 * Evaluates files of an app, in order. A second loading in the same process evaluates the app's own files again
 * (packages are shared): CommonJS by emptying its cache, ES modules, which have no such door, by a marker in their URL.
 * @throws {SystemError} naming the file, with what it threw as `cause`.
 */
export async function importAppFiles(appRoot: string, files: readonly AppFile[]): Promise<void> {
  const marker = beginLoad(appRoot);
  for (const file of files) {
    try {
      if (file.kind === "require") require(file.path);
      else await nativeImport(pathToFileURL(file.path).href + marker);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SystemError(`The app's file ${file.path} could not be loaded: ${reason}`, { cause });
    }
  }
}

function beginLoad(appRoot: string): string {
  const state = installCoreModule();
  state.loads += 1;
  if (state.loads === 1) return "";
  const root = pathToFileURL(appRoot + sep).href;
  const marker = `?load=${state.loads}`;
  state.fresh.set(root, marker);
  const own = appRoot + sep;
  for (const path of Object.keys(require.cache)) {
    if (path.startsWith(own) && !path.includes(`${sep}node_modules${sep}`)) delete require.cache[path];
  }
  return marker;
}
