import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { DataPlace } from "./data-place.ts";
import type { Environment } from "./job-environment.ts";
import type { LaunchFolder } from "./job-folders.ts";
import type { JobPlan } from "./job-plan.ts";
import type { LaunchedProcess, Launcher } from "./launcher.ts";

/**
 * What runs the command. It makes `started` as a file that must not be there yet: however often a launch is tried
 * after crashes, the command runs once. The command runs in a subshell, so that neither `exit` nor a syntax error keeps
 * its exit code from being noted, which is written over room that the file `exit` holds already: a full disk does not lose it. Only what
 * the shell has built in is used: it costs no process of its own.
 */
const WRAPPER = `
azureml_launch=$1
shift $#
set -C
echo $$ 2>/dev/null >"$azureml_launch/started" || exit 120
set +C
( . "$azureml_launch/command.sh" )
azureml_code=$?
echo $azureml_code 1<>"$azureml_launch/exit"
exit $azureml_code
`;

/** As long as the longest exit code and its line end. */
const ROOM_FOR_EXIT_CODE = "....";

/** The wrapper's exit code when another one already ran this launch's command. */
export const ALREADY_STARTED = 120;

/** Lays out the launch's folder: the snapshot's copy, the inputs, and places for the outputs. */
export async function layOut(folder: LaunchFolder, plan: JobPlan, snapshot: DataPlace | undefined): Promise<void> {
  writeFileSync(folder.command, `${plan.command}\n`, { mode: 0o600 });
  writeFileSync(folder.exit, ROOM_FOR_EXIT_CODE);
  if (snapshot === undefined) mkdirSync(folder.code);
  else await snapshot.download(folder.code);
  for (const { how, source, path } of plan.inputs) {
    mkdirSync(dirname(path), { recursive: true });
    if (how === "mount" && source.path !== undefined) symlinkSync(source.path, path);
    else await source.download(path);
  }
  for (const { type, path } of plan.outputs) mkdirSync(type === "uri_file" ? dirname(path) : path, { recursive: true });
}

/**
 * Starts the wrapper as leader of a session of its own. It holds the log itself, so it needs us for nothing and outlives us.
 * The marker is among its arguments too, since macOS shows nobody the environment of its own programs.
 * @throws {Error} when the system cannot start a process, {LauncherLostError} when that is not known.
 */
export async function startWrapper(
  launcher: Launcher,
  folder: LaunchFolder,
  marker: string,
  log: string,
  environment: Environment,
): Promise<LaunchedProcess> {
  mkdirSync(dirname(log), { recursive: true });
  return launcher.launch({ argv: ["/bin/sh", "-c", WRAPPER, "sh", folder.root, marker], cwd: folder.code, environment, log });
}

/** The exit code that the wrapper noted; undefined while the command runs, and when the wrapper was killed. */
export function notedExitCode(folder: LaunchFolder): number | undefined {
  const text = readIfThere(folder.exit);
  return text?.includes("\n") ? Number.parseInt(text, 10) : undefined;
}

/** Whether the command was started; its wrapper's process id when that was still noted. */
export function notedStart(folder: LaunchFolder): { id: number | undefined } | undefined {
  const text = readIfThere(folder.started);
  if (text === undefined) return undefined;
  return { id: text.endsWith("\n") ? Number.parseInt(text, 10) : undefined };
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
