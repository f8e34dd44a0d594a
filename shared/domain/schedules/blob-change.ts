import { z } from "zod";
import { CatalogName, PortName, RelativePath } from "../ids.ts";
import type { ProblemDetail } from "../problems.ts";

/** Blobs of one folder that a poll looks at, in order of name; those beyond go unseen unless the account reports them by events. */
export const POLLED_BLOBS = 10_000;

/**
 * A run when blobs are added or changed in a datastore: told by Event Grid, and found by polling where no events come. One change is one run, however
 * often and by whichever way it is noticed.
 */
export const BlobChange = z.strictObject({
  kind: z.literal("blobChange"),
  datastore: CatalogName,
  /** Folder; absent: the whole container. */
  path: RelativePath.optional(),
  /** `folder`: the blobs right in it, as in v1; `tree`: those of its subfolders too. */
  depth: z.enum(["folder", "tree"]).default("folder"),
  /** 0: never, events alone count. */
  pollingIntervalMinutes: z.int().min(0).max(1440).default(5),
  /** The pipeline's datapath parameter that is given the path of the changed blob, or of the folder when changes are taken together. */
  dataPathParameterName: PortName.optional(),
  /** `each`: a run for every changed blob, as in v1; else one run when nothing has changed for so many seconds. */
  batch: z.union([z.literal("each"), z.strictObject({ settleSeconds: z.int().min(10).max(86_400) })]).default("each"),
});
export type BlobChange = z.infer<typeof BlobChange>;

/** What every watched blob's path begins with; empty for the whole container. */
export function prefixOf({ path }: Pick<BlobChange, "path">): string {
  return path === undefined ? "" : `${path}/`;
}

/** Whether a blob of the datastore is one that is watched. Names that begin with a dot are files under way and the like: nobody's blobs. */
export function watches(trigger: BlobChange, path: string): boolean {
  const prefix = prefixOf(trigger);
  const rest = path.slice(prefix.length);
  return path.startsWith(prefix) && (trigger.depth === "tree" || !rest.includes("/")) && !/(^|\/)\./.test(rest);
}

/** What of the trigger does not go together. Pointers are relative to it. */
export function checkBlobChange({ path, batch, dataPathParameterName }: BlobChange): ProblemDetail[] {
  if (batch === "each" || dataPathParameterName === undefined || path !== undefined) return [];
  return [
    {
      pointer: "/path",
      message: `parameter ${JSON.stringify(dataPathParameterName)} is to be given the folder's path, and a whole container has none`,
      remedy: "name a folder as path, or leave dataPathParameterName out",
    },
  ];
}

/** How long nothing must change before a run, in milliseconds; undefined: each change is a run. */
export function settleMs({ batch }: BlobChange): number | undefined {
  return batch === "each" ? undefined : batch.settleSeconds * 1000;
}
