import { type ProblemDetail, ProblemError } from "../domain/problems.ts";
import type { SnapshotManifest } from "../domain/snapshot-manifest.ts";

export interface SnapshotLimits {
  /** Bytes of all files together. */
  readonly snapshotBytes: number;
  readonly snapshotFiles: number;
}

/** What every file system takes for one part of a path. */
const PART_BYTES = 255;
const SHOWN_ERRORS = 20;

/**
 * Holds a manifest to what its schema cannot say: order, names that clash, limits.
 * @throws {ProblemError} invalid-request, with a pointer for each file; too-large, naming the largest files.
 */
export function checkManifest(manifest: SnapshotManifest, limits: SnapshotLimits): void {
  checkLimits(manifest, limits);
  const errors = [...orderErrors(manifest), ...nameErrors(manifest)].slice(0, SHOWN_ERRORS);
  if (errors.length > 0) throw new ProblemError({ kind: "invalid-request", errors });
}

function checkLimits({ files }: SnapshotManifest, { snapshotBytes, snapshotFiles }: SnapshotLimits): void {
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  const largest = () => [...files].sort((a, b) => b.size - a.size).slice(0, 10);
  const shown = () =>
    largest()
      .map(({ path, size }) => `${path} (${size} bytes)`)
      .join(", ");
  const remedy = () =>
    `leave out what no step needs with an .amlignore file, and keep data in a datastore; the largest files are ${shown()}`;
  if (files.length > snapshotFiles) {
    throw new ProblemError({
      kind: "too-large",
      what: "the files of a snapshot",
      limit: snapshotFiles,
      actual: files.length,
      remedy: remedy(),
    });
  }
  if (bytes > snapshotBytes) {
    throw new ProblemError({ kind: "too-large", what: "the bytes of a snapshot", limit: snapshotBytes, actual: bytes, remedy: remedy() });
  }
}

function* orderErrors({ files }: SnapshotManifest): Generator<ProblemDetail> {
  for (const [i, { path }] of files.entries()) {
    const before = files[i - 1]?.path;
    if (before === undefined || before < path) continue;
    yield {
      pointer: `/files/${i}/path`,
      message: before === path ? `${JSON.stringify(path)} is there twice` : `${JSON.stringify(path)} comes after ${JSON.stringify(before)}`,
      remedy: "sort the files by path, by code unit, each path once",
    };
  }
}

/** Names that are two on one file system and one on another, and names that none takes. */
function* nameErrors({ files }: SnapshotManifest): Generator<ProblemDetail> {
  const names = new Map<string, string>();
  const folders = new Map<string, string>();
  for (const { path } of files) {
    const lower = fold(path);
    for (let end = lower.lastIndexOf("/"); end > 0 && !folders.has(lower.slice(0, end)); end = lower.lastIndexOf("/", end - 1)) {
      folders.set(lower.slice(0, end), path);
    }
  }
  for (const [i, { path }] of files.entries()) {
    const pointer = `/files/${i}/path`;
    const twin = names.get(fold(path));
    names.set(fold(path), path);
    if (twin !== undefined && twin !== path) {
      yield {
        pointer,
        message: `${JSON.stringify(path)} and ${JSON.stringify(twin)} differ only in case or in how accents are written`,
        remedy: "rename one of them",
      };
    }
    const inside = folders.get(fold(path));
    if (inside !== undefined)
      yield {
        pointer,
        message: `${JSON.stringify(path)} is a file, and ${JSON.stringify(inside)} needs it to be a folder`,
        remedy: "rename one of them",
      };
    if (path.split("/").some((part) => part.length > PART_BYTES / 3 && Buffer.byteLength(part) > PART_BYTES)) {
      yield {
        pointer,
        message: `a part of ${JSON.stringify(path.slice(0, 300))} has more than ${PART_BYTES} bytes`,
        remedy: "shorten the name",
      };
    }
  }
}

/** As file systems that ignore case do: macOS takes accents for the same too, however they are written. */
function fold(path: string): string {
  return path.normalize("NFC").toLowerCase();
}
