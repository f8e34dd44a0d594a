import type { BlobStore } from "../ports/blob-store.ts";
import type { Clock } from "../ports/clock.ts";
import type { Documents } from "../ports/documents.ts";
import type { SnapshotLimits } from "./check-manifest.ts";
import { commitUpload } from "./commit-upload.ts";
import { ContentIndex } from "./content-index.ts";
import { createSnapshot } from "./create-snapshot.ts";
import { checkFiles, findFile, listFiles } from "./datastore-files.ts";
import { FileHashes } from "./file-hashes.ts";
import { getSnapshot } from "./get-snapshot.ts";
import { layOutSnapshot } from "./lay-out-snapshot.ts";
import { SnapshotStore } from "./snapshot-store.ts";
import { UploadRecords } from "./upload-records.ts";
import { createUpload, putUploadPart, sweepUploads } from "./uploads.ts";

export interface StorageDeps {
  documents: Documents;
  blobs: BlobStore;
  clock: Clock;
  limits: SnapshotLimits;
  /** Container of a datastore of the catalog. @throws {ProblemError} not-found */
  datastoreContainer(name: string): Promise<string>;
}

/** What stands behind the storage routes. To be made once a process: its parts share what they have read. */
export function createStorageServices(deps: StorageDeps) {
  const content = new ContentIndex(deps);
  const all = {
    ...deps,
    content,
    snapshots: new SnapshotStore({ ...deps, content }),
    uploads: new UploadRecords(deps),
    fileHashes: new FileHashes(deps),
  };
  return {
    createSnapshot: createSnapshot(all),
    getSnapshot: getSnapshot(all),
    findSnapshot: (id: string) => all.snapshots.find(id),
    layOutSnapshot: layOutSnapshot(all),
    createUpload: createUpload(all),
    putUploadPart: putUploadPart(all),
    commitUpload: commitUpload(all),
    sweepUploads: sweepUploads(all),
    checkFiles: checkFiles(all),
    listFiles: listFiles(all),
    findFile: findFile(all),
  };
}
