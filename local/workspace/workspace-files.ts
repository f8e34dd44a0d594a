import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { WORKSPACE_FILE, WorkspaceFile } from "../../shared/api/workspace-file.ts";

/** Writes the file by which clients find this workspace: readable by its owner alone from the first byte on, whole or not at all. */
export function writeWorkspaceFile(stateFolder: string, content: WorkspaceFile): void {
  const file = join(stateFolder, WORKSPACE_FILE);
  rmSync(`${file}.new`, { force: true }); // left over by a crash, perhaps with other rights
  writeFileSync(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}

export function removeWorkspaceFile(stateFolder: string): void {
  rmSync(join(stateFolder, WORKSPACE_FILE), { force: true });
}

/** The workspace that runs on this folder, if its process lives and answers. */
export async function findRunning(stateFolder: string): Promise<WorkspaceFile | undefined> {
  try {
    const found = WorkspaceFile.parse(JSON.parse(readFileSync(join(stateFolder, WORKSPACE_FILE), "utf8")));
    process.kill(found.pid, 0);
    const response = await fetch(`${found.address}/api/workspace`, {
      headers: { authorization: `Bearer ${found.token}` },
      signal: AbortSignal.timeout(2000),
    });
    return response.ok ? found : undefined;
  } catch {
    return undefined; // no file, no process, or somebody else's port: nothing of ours runs here
  }
}
