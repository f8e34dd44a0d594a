import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The repository this program is of, whether it runs from its source or bundled. */
export function repositoryRoot(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "test", "fuzz", "schemathesis", "hooks.py"))) return folder;
    if (folder === dirname(folder)) throw new Error(`no repository above ${import.meta.dirname}`);
  }
}
