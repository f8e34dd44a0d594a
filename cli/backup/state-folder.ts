import { readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { STATE_FOLDER } from "../../sdk/find-workspace.ts";
import { UserError } from "../../sdk/user-error.ts";
import { WORKSPACE_FILE, WorkspaceFile } from "../../shared/api/workspace-file.ts";
import type { CommandContext } from "../command-context.ts";
import { CONFIG_FILE } from "./backup-format.ts";

/** The state folder that was named, or the nearest in this folder or one above, whether or not its workspace runs. @throws {UserError} */
export function existingStateFolder({ io, options }: CommandContext): string {
  refuseUrl(options.url);
  if (options.state !== undefined) {
    const folder = resolve(io.folder, options.state);
    if (isWorkspace(folder)) return folder;
    throw noWorkspace(`${folder} is not a workspace's state folder`);
  }
  for (let folder = resolve(io.folder); ; folder = dirname(folder)) {
    if (isWorkspace(join(folder, STATE_FOLDER))) return join(folder, STATE_FOLDER);
    if (dirname(folder) === folder) throw noWorkspace(`no ${STATE_FOLDER} in ${io.folder} or a folder above it`);
  }
}

/** Where a workspace is restored to. @throws {UserError} */
export function newStateFolder({ io, options }: CommandContext): string {
  refuseUrl(options.url);
  return resolve(io.folder, options.state ?? STATE_FOLDER);
}

/** The process of the workspace that runs on a state folder. */
export function runningProcess(stateFolder: string): number | undefined {
  try {
    const { pid } = WorkspaceFile.parse(JSON.parse(readFileSync(join(stateFolder, WORKSPACE_FILE), "utf8")));
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}

function isWorkspace(folder: string): boolean {
  return statSync(join(folder, CONFIG_FILE), { throwIfNoEntry: false })?.isFile() === true;
}

function refuseUrl(url: string | undefined): void {
  if (url !== undefined)
    throw new UserError("usage", "a backup is of a folder on this machine, not of an address", {
      remedy: "name the state folder with --state",
    });
}

function noWorkspace(why: string): UserError {
  return new UserError("not-found", `There is no workspace: ${why}`, { remedy: "name its state folder with --state" });
}
