import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";

const PackageJson = z.object({ name: z.string(), version: z.string() });

/** This program's version, from the package it lies in: bundled or not, that is some folders up. */
export function readVersion(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const found = readPackage(join(folder, "package.json"));
    if (found?.name === "penstock") return found.version;
    if (dirname(folder) === folder) return "unknown";
  }
}

function readPackage(path: string): z.infer<typeof PackageJson> | undefined {
  try {
    return PackageJson.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}
