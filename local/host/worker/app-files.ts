import { globSync, readFileSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { z } from "zod";
import { SystemError } from "./system-error.ts";

/** What the worker reads of an app's package.json; anything but a string counts as absent, as in Azure. */
const PackageJson = z.object({
  main: z.string().optional().catch(undefined),
  type: z.string().optional().catch(undefined),
});

export interface AppFile {
  path: string;
  kind: "import" | "require";
}

/**
 * The files that an app's package.json names as `main`, a glob relative to the app, in order.
 * @throws {SystemError} if there is no readable package.json, no `main`, or no file that matches.
 */
export function findAppFiles(appRoot: string): AppFile[] {
  const manifest = readManifest(appRoot);
  if (!manifest.main)
    throw new SystemError(
      `${join(appRoot, "package.json")} has no "main": name the file, or a glob of files, that registers the functions.`,
    );
  const matches = globSync(manifest.main, { cwd: appRoot }).sort();
  if (matches.length === 0)
    throw new SystemError(`No file matches "main" ("${manifest.main}") of ${join(appRoot, "package.json")}: has the app been built?`);
  return matches.map((file) => ({ path: resolve(appRoot, file), kind: loadedBy(file, manifest.type) }));
}

function loadedBy(file: string, type: string | undefined): AppFile["kind"] {
  const extension = extname(file);
  return extension === ".mjs" || (type === "module" && extension !== ".cjs") ? "import" : "require";
}

function readManifest(appRoot: string): z.infer<typeof PackageJson> {
  const path = join(appRoot, "package.json");
  try {
    return PackageJson.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SystemError(`Cannot read ${path}, which says how to load the app: ${reason}`, { cause });
  }
}
