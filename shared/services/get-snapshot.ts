import { ProblemError } from "../domain/problems.ts";
import type { SnapshotManifest } from "../domain/snapshot-manifest.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

/** @throws {ProblemError} not-found. */
export const getSnapshot =
  ({ snapshots }: { snapshots: SnapshotStore }) =>
  async (snapshotId: string): Promise<SnapshotManifest> => {
    const manifest = await snapshots.find(snapshotId);
    if (manifest) return manifest;
    throw new ProblemError({ kind: "not-found", what: "snapshot", id: snapshotId, remedy: "make it with POST /api/snapshots" });
  };
