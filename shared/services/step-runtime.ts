import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { BlobStore } from "../ports/blob-store.ts";

const DATASTORE = "snapshots";

/**
 * Puts the step runtime (`clients/python`) where computes reach it, once a process and once for all by content: a job that was made
 * with one release keeps its runtime when the next is deployed.
 * @returns the folder's URI.
 */
export function layOutRuntime({ blobs, folder }: { blobs: BlobStore; folder: string }): () => Promise<string> {
  let laidOut: Promise<string> | undefined;
  return async () => {
    laidOut ??= layOut(blobs, folder);
    try {
      return await laidOut;
    } catch (error) {
      laidOut = undefined; // the next job tries again
      throw error;
    }
  };
}

async function layOut(blobs: BlobStore, folder: string): Promise<string> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => /^azureml[/\\].*\.py$/.test(name)).sort();
  const files = await Promise.all(
    names.map(async (name) => ({ path: name.replaceAll("\\", "/"), bytes: await readFile(join(folder, name)) })),
  );
  const hash = createHash("sha256");
  for (const { path, bytes } of files) hash.update(`${path}\n${bytes.length}\n`).update(bytes);
  const root = `runtime/${hash.digest("hex").slice(0, 32)}`;
  for (const { path, bytes } of files) await blobs.write({ datastore: DATASTORE, path: `${root}/${path}` }, bytes, { createOnly: true });
  await blobs.durable();
  return blobs.uri({ datastore: DATASTORE, path: root });
}
