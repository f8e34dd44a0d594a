import { createSnapshot } from "../shared/api/routes/storage.ts";
import type { SnapshotId } from "../shared/domain/ids.ts";
import { ApiProblem } from "./api-problem.ts";
import type { ApiClient } from "./client.ts";
import { hashFile } from "./hash-file.ts";
import { inParallel } from "./in-parallel.ts";
import type { LocalSnapshot } from "./snapshot.ts";
import { changed, upload } from "./upload.ts";
import { UserError } from "./user-error.ts";

/** Bytes after which a pack is closed: small enough to send a few side by side, large enough that a folder of code is one. */
const PACK_BYTES = 32 * 1024 * 1024;
/** Files of one pack at the most, by the size of a commit's body. */
const PACK_FILES = 50_000;

interface PackedFile {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** Gives the server what it lacks of a snapshot, in packs, and the id under which it has it. Nothing is sent twice. */
export async function uploadSnapshot(
  client: ApiClient,
  snapshot: LocalSnapshot,
): Promise<{ snapshotId: SnapshotId; uploadedBytes: number }> {
  const ask = () => client.call(createSnapshot, { body: snapshot.manifest }, { idempotent: true, timeoutSeconds: 120 });
  const first = (await ask()).body;
  if (first.complete) return { snapshotId: first.snapshotId, uploadedBytes: 0 };
  const lacking = filesOf(snapshot, first.missing);
  await inParallel(packs(lacking), 2, (files) => sendPack(client, files));
  const second = (await ask()).body;
  if (!second.complete)
    throw new UserError("conflict", "The workspace lacks files of the snapshot although they were uploaded", { remedy: "submit again" });
  return { snapshotId: second.snapshotId, uploadedBytes: lacking.reduce((sum, { size }) => sum + size, 0) };
}

async function sendPack(client: ApiClient, files: readonly PackedFile[]): Promise<void> {
  try {
    await upload(client, files, { kind: "pack", files: files.map(({ sha256, size }) => ({ sha256, size })) });
  } catch (error) {
    // The server refuses bytes that do not match their hash. Saying which file was written to meanwhile helps more than that.
    const file =
      error instanceof ApiProblem ? files.find(({ path, size, sha256 }) => hashFile(path, { size }).sha256 !== sha256) : undefined;
    throw file ? changed(file.path) : error;
  }
}

function filesOf(snapshot: LocalSnapshot, missing: readonly string[]): PackedFile[] {
  const wanted = new Set(missing);
  return snapshot.manifest.files.flatMap(({ sha256, size }) => {
    const path = snapshot.sources.get(sha256);
    return path !== undefined && wanted.delete(sha256) ? [{ path, size, sha256 }] : [];
  });
}

function packs(files: readonly PackedFile[]): PackedFile[][] {
  const all: PackedFile[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const file of files) {
    const last = all.at(-1);
    const fits = last !== undefined && bytes + file.size <= PACK_BYTES && last.length < PACK_FILES;
    if (fits) last.push(file);
    else all.push([file]);
    bytes = fits ? bytes + file.size : file.size;
  }
  return all;
}
