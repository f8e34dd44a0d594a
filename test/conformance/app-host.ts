import { existsSync } from "node:fs";
import { createRequire, registerHooks } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { HostLog } from "../../local/host/contract.ts";
import { type LoadedWorker, loadWorker } from "../../local/host/worker/load-worker.ts";

const LIBRARIES: ReadonlySet<string> = new Set(["@azure/functions", "durable-functions"]);

/** The root of this repository, from a source file as well as from the built program. */
export function repositoryRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package-lock.json"))) folder = dirname(folder);
  return folder;
}

let fallback = false;

/** An app that brings no libraries of its own gets this repository's. */
function lendLibraries(): void {
  if (fallback) return;
  fallback = true;
  const own = createRequire(join(repositoryRoot(), "package.json"));
  registerHooks({
    resolve(specifier, context, next) {
      if (!LIBRARIES.has(specifier)) return next(specifier, context);
      try {
        return next(specifier, context);
      } catch {
        return { url: pathToFileURL(own.resolve(specifier)).href, format: "commonjs", shortCircuit: true };
      }
    },
  });
}

/** Loads the app that the scenarios ran on, under the genuine libraries. */
export async function loadApp(folder: string, log: HostLog): Promise<LoadedWorker> {
  lendLibraries();
  return loadWorker({ appRoot: folder, log });
}
