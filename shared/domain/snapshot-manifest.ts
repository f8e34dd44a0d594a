import { z } from "zod";
import { RelativePath, Sha256 } from "./ids.ts";

/** One file of a snapshot; `mode` keeps only whether it may be executed. */
export const SnapshotFile = z.strictObject({
  path: RelativePath,
  size: z.int().nonnegative(),
  mode: z.enum(["644", "755"]),
  sha256: Sha256,
});
export type SnapshotFile = z.infer<typeof SnapshotFile>;

/** Files sorted by path (code unit order), no two the same even ignoring case. Its id is sha256 over {@link canonicalManifest}. */
export const SnapshotManifest = z.strictObject({ files: z.array(SnapshotFile).max(100_000) });
export type SnapshotManifest = z.infer<typeof SnapshotManifest>;

/** The bytes a snapshot id is made over: one line a file, `mode sha256 size path`, each ended by a line feed, sorted by path. */
export function canonicalManifest(manifest: SnapshotManifest): string {
  const sorted = [...manifest.files].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return sorted.map((f) => `${f.mode} ${f.sha256} ${f.size} ${f.path}\n`).join("");
}
