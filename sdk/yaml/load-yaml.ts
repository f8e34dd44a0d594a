import { readFileSync, statSync } from "node:fs";
import type { Report } from "./report.ts";
import { parseYaml, type YamlTree } from "./yaml-tree.ts";

/** Bytes of one YAML file at the most. */
export const MAX_YAML_BYTES = 1024 * 1024;

/** Reads a YAML file whole; what is wrong goes to the report. */
export function loadYaml(path: string, report: Report): YamlTree | undefined {
  const text = loadText(path, report);
  return text === undefined ? undefined : parseYaml(text, report);
}

/** Reads a text file of at most {@link MAX_YAML_BYTES}. */
export function loadText(path: string, report: Report): string | undefined {
  const problem = refuse(path);
  if (problem !== undefined) {
    report.add(undefined, problem);
    return undefined;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    report.add(undefined, error instanceof TypeError ? "is not UTF-8 text" : `cannot be read: ${String(error)}`);
    return undefined;
  }
}

function refuse(path: string): string | undefined {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) return "is a folder; name the YAML file in it";
    if (!stat.isFile()) return "is not a file";
    return stat.size > MAX_YAML_BYTES ? `has ${stat.size} bytes; ${MAX_YAML_BYTES} are the most` : undefined;
  } catch (error) {
    const missing = error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
    return missing ? "is not there" : `cannot be read: ${String(error)}`;
  }
}
