import { readFileSync } from "node:fs";
import { join } from "node:path";
import ignore from "ignore";
import { UserError } from "./user-error.ts";

/** Says of a path below the folder (`/` between parts; a folder's ends in `/`) whether a snapshot leaves it out. */
export type IsIgnored = (path: string) => boolean;

/** Never part of a snapshot: history and state hold what is not code, tokens among it. */
const NEVER = new Set([".git", ".penstock"]);
/** Left out unless the ignore file takes them back in: what tools leave behind, which would make every snapshot a new one. */
const BY_DEFAULT = ["__pycache__", ".ipynb_checkpoints"];

/** Rules of one file, characters of one rule, and how often a rule may stand for any folders between others. */
const MAX_RULES = 2000;
const MAX_RULE_CHARACTERS = 1024;
const MAX_DEEP = 2;

/** Whether a path leads through a folder that no snapshot may hold. */
export function isNeverKept(path: string): boolean {
  return path.split("/").some((part) => NEVER.has(part));
}

/**
 * The rules of a folder, as v1 has them: `.amlignore` in its root, or else `.gitignore` there, never both; ignore files further down are
 * not looked at. The syntax is gitignore's.
 * @throws {UserError} `usage` for a file that would take too long to apply.
 */
export function readIgnoreRules(folder: string): { file: ".amlignore" | ".gitignore" | undefined; isIgnored: IsIgnored } {
  for (const file of [".amlignore", ".gitignore"] as const) {
    const text = readIfThere(join(folder, file));
    if (text === undefined) continue;
    checkRules(file, text);
    const rules = ignore({ allowRelativePaths: true }).add(BY_DEFAULT).add(text);
    return { file, isIgnored: (path) => isNeverName(path) || rules.ignores(path) };
  }
  return { file: undefined, isIgnored: (path) => isNeverName(path) || BY_DEFAULT.includes(lastName(path)) };
}

/** Each rule is tried on each file, and one with many `**` on each way to cut a path into as many pieces. Comments and blank lines are no rules. */
function checkRules(file: string, text: string): void {
  const rules = text
    .split(/\r?\n/)
    .map((rule, index) => ({ rule, line: index + 1 }))
    .filter(({ rule }) => rule.trim() !== "" && !rule.startsWith("#"));
  if (rules.length > MAX_RULES)
    throw new UserError("usage", `${file} has ${rules.length} rules; ${MAX_RULES} are the most`, {
      remedy: "name folders, not the files in them",
    });
  for (const { rule, line } of rules) checkRule(`line ${line} of ${file}`, rule);
}

function checkRule(where: string, rule: string): void {
  if (rule.length > MAX_RULE_CHARACTERS)
    throw new UserError("usage", `${where} is a rule of ${rule.length} characters; ${MAX_RULE_CHARACTERS} are the most`, {
      remedy: "write a shorter pattern",
    });
  const deep = rule.match(/\*\*\//g)?.length ?? 0;
  if (deep > MAX_DEEP)
    throw new UserError("usage", `${where} has "**/" ${deep} times in one rule; ${MAX_DEEP} times are the most`, {
      remedy: 'name the folders between, or leave a "**/" out',
    });
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
