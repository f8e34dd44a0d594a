import type { BlobRef, BlobStore } from "../ports/blob-store.ts";
import { getSnapshot } from "./get-snapshot.ts";
import { codeRef, type SnapshotStore } from "./snapshot-store.ts";

/**
 * Where a snapshot lies as a folder that computes can take. To be called before each use: the folder is derived and not synced, so after a crash
 * of the machine it is checked here, and made anew if it must be; from then on this is quick.
 * @throws {ProblemError} not-found. @throws {StoreError} `corrupt` when a pack was damaged.
 */
export const layOutSnapshot =
  ({ blobs, snapshots }: { blobs: BlobStore; snapshots: SnapshotStore }) =>
  async (snapshotId: string): Promise<BlobRef> => {
    const folder = codeRef(snapshotId);
    await blobs.layOut(folder, await snapshots.layout(await getSnapshot({ snapshots })(snapshotId)));
    return folder;
  };
