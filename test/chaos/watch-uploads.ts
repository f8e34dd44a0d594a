import { statSync } from "node:fs";
import { join } from "node:path";
import { INPUT } from "./drive.ts";
import { type Finding, wrong } from "./finding.ts";
import { OUTPUT_BYTES } from "./pipelines.ts";

const GAP_MS = 20;
/** What appears in the default datastore, with its size. */
const UPLOADS: Readonly<Record<string, number>> = { "chaos/input.bin": INPUT.length, "chaos/data/part": OUTPUT_BYTES };

/** Looks all the time, and above all while nothing runs, whether a file of the datastore is there in part. @returns what ends it. */
export function watchUploads(stateFolder: string, findings: Finding[]): () => void {
  const seen = new Set<string>();
  const timer = setInterval(() => {
    for (const [path, whole] of Object.entries(UPLOADS)) {
      const size = statSync(join(stateFolder, "datastores", "workspaceblobstore", path), { throwIfNoEntry: false })?.size;
      if (size === undefined || size === whole || seen.has(path)) continue;
      seen.add(path);
      findings.push(wrong(`${path} was seen with ${size} of its ${whole} bytes`));
    }
  }, GAP_MS);
  return () => clearInterval(timer);
}
