import type { SnapshotResource } from "../api/resources.ts";
import { type ProblemDetail, ProblemError } from "../domain/problems.ts";
import type { SnapshotManifest } from "../domain/snapshot-manifest.ts";
import { checkManifest, type SnapshotLimits } from "./check-manifest.ts";
import type { ContentIndex, ContentPlace } from "./content-index.ts";
import type { layOutSnapshot } from "./lay-out-snapshot.ts";
import { type SnapshotStore, snapshotIdOf } from "./snapshot-store.ts";

export interface CreateSnapshotDeps {
  content: ContentIndex;
  snapshots: SnapshotStore;
  limits: SnapshotLimits;
}

/**
 * Makes a snapshot of contents that the workspace has, or says which it lacks. It becomes a folder when a step first needs it ({@link layOutSnapshot}):
 * an edit of one file in thousands costs the client no more than that file.
 * @throws {ProblemError} invalid-request, too-large.
 */
export const createSnapshot =
  ({ content, snapshots, limits }: CreateSnapshotDeps) =>
  async (manifest: SnapshotManifest): Promise<SnapshotResource> => {
    checkManifest(manifest, limits);
    const snapshotId = snapshotIdOf(manifest);
    if (await snapshots.has(snapshotId)) return { snapshotId, complete: true, missing: [] };
    const hashes = [...new Set(manifest.files.map((file) => file.sha256))];
    const places = await content.find(hashes);
    const missing = hashes.filter((hash) => !places.has(hash));
    assertSizes(manifest, places);
    if (missing.length > 0) return { snapshotId, complete: false, missing };
    await snapshots.write(snapshotId, manifest);
    return { snapshotId, complete: true, missing: [] };
  };

function assertSizes({ files }: SnapshotManifest, places: ReadonlyMap<string, ContentPlace>): void {
  const errors = files.flatMap(({ path, size, sha256 }, i): ProblemDetail[] => {
    const place = places.get(sha256);
    if (!place || place.size === size) return [];
    const message = `${JSON.stringify(path)} is said to have ${size} bytes, and what has its sha256 has ${place.size}`;
    return [{ pointer: `/files/${i}/size`, message, remedy: "read the file again: it may have changed meanwhile" }];
  });
  if (errors.length > 0) throw new ProblemError({ kind: "invalid-request", errors: errors.slice(0, 20) });
}
