import { existsSync, lstatSync } from "node:fs";
import { join } from "node:path";
import type { TerminalStatus } from "../contract.ts";
import type { JobFailure } from "../store/job-records.ts";
import type { Artifacts } from "./artifacts.ts";
import { exitCause } from "./exit-cause.ts";
import type { LaunchFolder } from "./job-folders.ts";
import type { JobPlan, PlannedOutput } from "./job-plan.ts";
import { moveFiles } from "./move-files.ts";
import type { Outcome } from "./running-job.ts";

/** Folders of the working folder that Azure ML keeps with the run by itself. */
const KEPT_FOLDERS = ["outputs", "logs"];

export interface Ending {
  status: TerminalStatus;
  failure?: JobFailure;
  warnings: string[];
}

/**
 * Takes what a command left to where it belongs: `./outputs` and `./logs` to the artifacts of its job, however it ended, and the outputs by
 * upload to their destinations, if it succeeded. May be done again when it was cut short.
 */
export async function finishJob(
  outcome: Outcome,
  plan: JobPlan,
  folder: LaunchFolder,
  { artifacts, job }: { artifacts: Artifacts; job: string },
): Promise<Ending> {
  const warnings: string[] = [];
  try {
    for (const name of KEPT_FOLDERS) {
      const from = join(folder.code, name);
      if (existsSync(from)) warnings.push(...leftOut(await moveFiles(from, join(artifacts.folder(job), name), folder.root), `./${name}`));
    }
    await artifacts.keep(job);
    for (const output of plan.outputs) {
      if (output.how === "follow" && existsSync(output.path)) warnings.push(...(await upload(output, folder)));
    }
    if (outcome.kind !== "exited" || outcome.code !== 0) return { ...endingOf(outcome), warnings };
    for (const output of plan.outputs) if (output.how === "upload") warnings.push(...(await upload(output, folder)));
    return { status: "Completed", warnings };
  } catch (error) {
    return {
      status: "Failed",
      failure: { code: "UserError", message: `The outputs could not be stored: ${(error as Error).message}` },
      warnings,
    };
  }
}

function endingOf(outcome: Outcome): Omit<Ending, "warnings"> {
  switch (outcome.kind) {
    case "exited":
      return { status: "Failed", failure: exitCause(outcome.code) };
    case "lost":
      return { status: "Failed", failure: { code: "ServiceError", message: outcome.message } };
    case "ended":
      if (outcome.reason !== "timeout") return { status: "Canceled" };
      return {
        status: "Canceled",
        failure: { code: "UserError", message: "The job ran longer than its limits.timeout allows and was canceled" },
      };
  }
}

async function upload(output: PlannedOutput, folder: LaunchFolder): Promise<string[]> {
  const { name, path, destination } = output;
  if (!existsSync(path)) {
    // Moved already, by a try that was cut short.
    if (await destination.exists()) return [];
    throw new Error(
      `output '${name}' is not there: the command was to write ${output.type === "uri_file" ? "a file" : "a folder"} at ${path}`,
    );
  }
  if (lstatSync(path).isSymbolicLink()) throw new Error(`output '${name}' was replaced by a symbolic link`);
  return leftOut(await destination.upload(path, folder.root), `output '${name}'`);
}

function leftOut(paths: readonly string[], what: string): string[] {
  if (paths.length === 0) return [];
  const some = paths.slice(0, 5).join(", ") + (paths.length > 5 ? `, … (${paths.length} in all)` : "");
  return [
    `Not kept from ${what}, since they are links that lead out of the job's folder, sockets or the like, or have a name that is no UTF-8: ${some}`,
  ];
}
