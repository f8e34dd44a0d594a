import type { BlobInfo } from "../../ports/blob-store.ts";

/** What answers and listings have in common. */
interface Properties {
  etag?: string | undefined;
  lastModified?: Date | undefined;
}

/** A blob of the service. Headers carry an etag in quotes, listings without. */
export function blobInfo(path: string, size: number, { etag = "", lastModified = new Date(0) }: Properties): BlobInfo {
  return { path, size, etag: etag.replaceAll('"', ""), modifiedAt: lastModified.toISOString() };
}

/** Whether this is a blob to others: not while the service copies it to its place, nor where a copy came to nothing, nor a folder that is noted as a blob. */
export function isWhole({
  copyStatus,
  metadata,
}: {
  copyStatus?: string | undefined;
  metadata?: Record<string, string> | undefined;
}): boolean {
  return (copyStatus === undefined || copyStatus === "success") && metadata?.["hdi_isfolder"] !== "true";
}
