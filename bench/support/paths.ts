import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The repository that this program is of, whether it runs from its source or bundled. */
export const ROOT = repositoryRoot();
/** The last build. */
export const DIST = join(ROOT, "dist");
/** Functions apps that are measured, as sources. */
export const APPS = join(ROOT, "bench", "apps");

function repositoryRoot(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json")) && existsSync(join(folder, "bench", "apps"))) return folder;
    if (folder === dirname(folder)) throw new Error(`no repository above ${import.meta.dirname}`);
  }
}
