import { existsSync, readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT } from "../support/paths.ts";
import type { CallFrame, Frame } from "./cpu-profile.ts";

/** Finds where in the sources a function of the bundles came from. */
export function createLocator(): (frame: CallFrame) => Frame {
  const maps = new Map<string, SourceMap | undefined>();
  return ({ functionName, url, lineNumber, columnNumber }) => {
    const name = functionName || "(anonymous)";
    if (!url.startsWith("file:")) return { name, source: url, line: Math.max(0, lineNumber + 1) };
    const file = fileURLToPath(url);
    if (!maps.has(file)) maps.set(file, readMap(file));
    const entry = maps.get(file)?.findEntry(lineNumber, columnNumber);
    if (!entry || !("originalSource" in entry)) return { name, source: relative(ROOT, file), line: lineNumber + 1 };
    const source = relative(ROOT, resolve(dirname(file), entry.originalSource));
    return { name, source: inPackage(source), line: entry.originalLine + 1 };
  };
}

function readMap(file: string): SourceMap | undefined {
  const path = `${file}.map`;
  return existsSync(path) ? new SourceMap(JSON.parse(readFileSync(path, "utf8"))) : undefined;
}

/** Where the packages lie is of no interest; one that was bundled by its authors says where they had it. */
function inPackage(source: string): string {
  const bundled = source.indexOf("webpack:/");
  if (bundled >= 0) return `node_modules/${source.slice(bundled + "webpack:/".length)}`;
  const at = source.lastIndexOf("node_modules/");
  return at < 0 ? source : source.slice(at);
}
