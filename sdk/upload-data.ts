import { statSync } from "node:fs";
import { join } from "node:path";
import { checkFiles } from "../shared/api/routes/storage.ts";
import type { ApiClient } from "./client.ts";
import { hashFile } from "./hash-file.ts";
import { inParallel } from "./in-parallel.ts";
import { upload } from "./upload.ts";
import { UserError } from "./user-error.ts";
import { walkFolder } from "./walk-folder.ts";
import type { DataToUpload } from "./yaml/pipeline-file.ts";

/** Files that the server compares in one call. */
const CHECK_FILES = 10_000;

interface DataFile {
  readonly local: string;
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** Puts the local data of a pipeline where its references point to, as far as the datastore has other bytes or none. Gives the bytes sent. */
export async function uploadData(client: ApiClient, data: readonly DataToUpload[]): Promise<number> {
  let sent = 0;
  for (const { datastore, path, localPath } of data) {
    const files = dataFiles(localPath, path);
    for (let from = 0; from < files.length; from += CHECK_FILES) {
      sent += await uploadMissing(client, datastore, files.slice(from, from + CHECK_FILES));
    }
  }
  return sent;
}

async function uploadMissing(client: ApiClient, datastore: string, files: readonly DataFile[]): Promise<number> {
  const body = { files: files.map(({ path, size, sha256 }) => ({ path, size, sha256 })) };
  const checked = await client.call(checkFiles, { params: { name: datastore }, body }, { idempotent: true, timeoutSeconds: 120 });
  const missing = new Set(checked.body.missing);
  const lacking = files.filter(({ path }) => missing.has(path));
  await inParallel(lacking, 4, ({ local, path, size, sha256 }) =>
    upload(client, [{ path: local, size }], { kind: "file", datastore, path, sha256 }),
  );
  return lacking.reduce((sum, { size }) => sum + size, 0);
}

function dataFiles(localPath: string, path: string): DataFile[] {
  const stat = statSync(localPath);
  if (stat.isFile()) return [{ local: localPath, path, ...hashFile(localPath, stat) }];
  const walked = walkFolder(localPath, () => false);
  if (walked.problems.length > 0) throw new UserError("usage", `${localPath} cannot be uploaded`, { details: walked.problems });
  if (walked.endless) {
    throw new UserError("usage", `${localPath} has too many files to be uploaded with a submit`, {
      remedy: "put it into the datastore first",
    });
  }
  return walked.files.map((file) => {
    const local = join(localPath, file.path);
    return { local, path: `${path}/${file.path}`, ...hashFile(local, file.stat) };
  });
}
