import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { openDatabase } from "../../../shared/adapters/sqlite/open-database.ts";

/** A state folder of a workspace that does not run, with these blobs by their paths there. */
export async function aWorkspaceIn(folder: string, blobs: Readonly<Record<string, string>>, config: object = {}): Promise<void> {
  openDatabase(join(folder, "app/penstock.db")).close();
  await writeFile(join(folder, "config.json"), JSON.stringify({ stateVersion: 1, ...config }));
  for (const [path, text] of Object.entries(blobs)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

export function manyBlobs(count: number): Record<string, string> {
  const path = (index: number) => `datastores/workspaceblobstore/${createHash("md5").update(String(index)).digest("hex")}/${index}.txt`;
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [path(index), `blob ${index}`]));
}
