import { readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { WORKSPACE_FILE, WorkspaceFile } from "../shared/api/workspace-file.ts";
import { UserError } from "./user-error.ts";

/** Name of the state folder of a workspace, beside the project it serves. */
export const STATE_FOLDER = ".penstock";

export interface FindOptions {
  /** Address of a workspace; its token comes from `environment.PENSTOCK_TOKEN`. */
  readonly url?: string | undefined;
  /** State folder of a workspace that runs on this machine. */
  readonly state?: string | undefined;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A workspace that can be called. What only a local one has is absent for one named by its URL. */
export interface FoundWorkspace {
  readonly url: string;
  /** The newest token: a local workspace renews its own in the file before it expires. */
  readonly token: () => string;
  readonly stateFolder?: string;
  readonly file?: WorkspaceFile;
}

/**
 * Finds the workspace to call: by URL, by state folder, or the one whose `.penstock` lies in this folder or in one above it.
 * @throws {UserError} `unreachable` when none runs, `usage` when what was given is not enough.
 */
export function findWorkspace(options: FindOptions): FoundWorkspace {
  if (options.url !== undefined) return byUrl(options.url, options.environment);
  const stateFolder = options.state === undefined ? nearestStateFolder(options.folder) : resolve(options.folder, options.state);
  if (stateFolder === undefined) throw noneRuns(`no ${STATE_FOLDER}/${WORKSPACE_FILE} in ${options.folder} or a folder above it`);
  const path = join(stateFolder, WORKSPACE_FILE);
  const file = readWorkspaceFile(path);
  if (file === undefined) throw noneRuns(`${path} is not there`);
  if (!isAlive(file.pid)) throw noneRuns(`${path} is left over from process ${file.pid}, which has ended`);
  return { url: file.address, token: () => readWorkspaceFile(path)?.token ?? file.token, stateFolder, file };
}

function byUrl(url: string, environment: FindOptions["environment"]): FoundWorkspace {
  const token = environment["PENSTOCK_TOKEN"];
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new UserError("usage", `--url ${JSON.stringify(url)} is not an http or https address`, { remedy: "give it as http://host:port" });
  }
  if (!token) throw new UserError("usage", "--url needs a token", { remedy: "set the environment variable PENSTOCK_TOKEN" });
  return { url, token: () => token };
}

function nearestStateFolder(start: string): string | undefined {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    const candidate = join(folder, STATE_FOLDER);
    if (statSync(join(candidate, WORKSPACE_FILE), { throwIfNoEntry: false })?.isFile()) return candidate;
    if (dirname(folder) === folder) return undefined;
  }
}

function readWorkspaceFile(path: string): WorkspaceFile | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return undefined;
    throw new UserError("forbidden", `${path} cannot be read: ${String(error)}`, { remedy: "call as the user who started the workspace" });
  }
  try {
    return WorkspaceFile.parse(JSON.parse(text));
  } catch (cause) {
    throw new UserError("unreachable", `${path} is not a workspace file`, { remedy: "start the workspace again with `npm start`", cause });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function noneRuns(why: string): UserError {
  return new UserError("unreachable", `No workspace is running: ${why}`, {
    remedy: "start one with `npm start`, or name one with --state DIR or --url URL",
  });
}
