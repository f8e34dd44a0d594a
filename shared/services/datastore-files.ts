import type { FileList } from "../api/resources.ts";
import type { BlobInfo, BlobRef, BlobStore } from "../ports/blob-store.ts";
import type { FileHashes } from "./file-hashes.ts";
import { inBatches } from "./in-batches.ts";

export interface DatastoreFilesDeps {
  blobs: BlobStore;
  fileHashes: FileHashes;
  /** Container of a datastore of the catalog. @throws {ProblemError} not-found */
  datastoreContainer(name: string): Promise<string>;
}

const AT_ONCE = 8;

/** Paths, in the order given, of the files that the datastore lacks or holds with other bytes. @throws {ProblemError} not-found. */
export const checkFiles =
  ({ blobs, fileHashes, datastoreContainer }: DatastoreFilesDeps) =>
  async (name: string, files: readonly { path: string; size: number; sha256: string }[]): Promise<string[]> => {
    const datastore = await datastoreContainer(name);
    const there = new Set<string>();
    await inBatches(files, AT_ONCE, async ({ path, size, sha256 }) => {
      const ref = { datastore, path };
      const info = await blobs.stat(ref);
      if (info?.size === size && (await fileHashes.of(ref, info)) === sha256) there.add(path);
    });
    return files.map((file) => file.path).filter((path) => !there.has(path));
  };

/** @throws {ProblemError} not-found. */
export const listFiles =
  ({ blobs, datastoreContainer }: Pick<DatastoreFilesDeps, "blobs" | "datastoreContainer">) =>
  async (
    name: string,
    { prefix, cursor, limit }: { prefix?: string | undefined; cursor?: string | undefined; limit: number },
  ): Promise<FileList> => {
    const page = await blobs.list(await datastoreContainer(name), {
      limit,
      ...(prefix !== undefined && { prefix }),
      ...(cursor !== undefined && { after: cursor }),
    });
    return { files: page.blobs.map(toFile), ...(page.next !== undefined && { cursor: page.next }) };
  };

/** Where a file lies, whether or not it is there. @throws {ProblemError} not-found for an unknown datastore. */
export const findFile =
  ({ datastoreContainer }: Pick<DatastoreFilesDeps, "datastoreContainer">) =>
  async (name: string, path: string): Promise<BlobRef> => ({ datastore: await datastoreContainer(name), path });

function toFile({ path, size, modifiedAt }: BlobInfo): FileList["files"][number] {
  return { path, size, modifiedAt };
}
