import { readFileSync } from "node:fs";
import { join } from "node:path";
import ignore from "ignore";

/** Says of a path below the folder (`/` between parts; a folder's ends in `/`) whether a snapshot leaves it out. */
export type IsIgnored = (path: string) => boolean;

/** Never part of a snapshot: history and state hold what is not code, tokens among it. */
const NEVER = new Set([".git", ".penstock"]);
/** Left out unless the ignore file takes them back in: what tools leave behind, which would make every snapshot a new one. */
const BY_DEFAULT = ["__pycache__", ".ipynb_checkpoints"];

/** Whether a path leads through a folder that no snapshot may hold. */
export function isNeverKept(path: string): boolean {
  return path.split("/").some((part) => NEVER.has(part));
}

/**
 * The rules of a folder, as v1 has them: `.amlignore` in its root, or else `.gitignore` there, never both; ignore files further down are
 * not looked at. The syntax is gitignore's.
 */
export function readIgnoreRules(folder: string): { file: ".amlignore" | ".gitignore" | undefined; isIgnored: IsIgnored } {
  for (const file of [".amlignore", ".gitignore"] as const) {
    const text = readIfThere(join(folder, file));
    if (text === undefined) continue;
    const rules = ignore({ allowRelativePaths: true }).add(BY_DEFAULT).add(text);
    return { file, isIgnored: (path) => isNeverName(path) || rules.ignores(path) };
  }
  return { file: undefined, isIgnored: (path) => isNeverName(path) || BY_DEFAULT.includes(lastName(path)) };
}

function isNeverName(path: string): boolean {
  return NEVER.has(lastName(path));
}

function lastName(path: string): string {
  const end = path.endsWith("/") ? path.length - 1 : path.length;
  return path.slice(path.lastIndexOf("/", end - 1) + 1, end);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "EISDIR")) return undefined;
    throw error;
  }
}
