import { existsSync, mkdirSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { JobRecord } from "../store/job-records.ts";

/** Where the parts of one launch lie. All of it is private to the job and removed when it has ended. */
export interface LaunchFolder {
  root: string;
  /** The snapshot's copy, the command's working folder. */
  code: string;
  inputs: string;
  outputs: string;
  /** The command, as shell text. */
  command: string;
  /** Made by the wrapper before it runs the command, at most once: the wrapper's process id. */
  started: string;
  /** Has room for the exit code. The wrapper writes it there, with a line end, when the command has ended by itself. */
  exit: string;
}

/** The folders of live jobs. */
export class JobFolders {
  readonly #root: string;

  constructor(stateFolder: string) {
    this.#root = join(stateFolder, "jobs");
    mkdirSync(this.#root, { recursive: true });
  }

  of(job: JobRecord): LaunchFolder {
    const root = join(this.#root, job.name, String(job.state.launch));
    const at = (name: string) => join(root, name);
    return {
      root,
      code: at("code"),
      inputs: at("inputs"),
      outputs: at("outputs"),
      command: at("command.sh"),
      started: at("started"),
      exit: at("exit"),
    };
  }

  /** An empty folder for the launch: an earlier try may have been cut short while it laid the folder out. */
  create(folder: LaunchFolder): void {
    if (existsSync(folder.root)) rmSync(folder.root, { recursive: true, force: true });
    mkdirSync(folder.root, { recursive: true });
  }

  async remove(job: JobRecord): Promise<void> {
    await rm(join(this.#root, job.name), { recursive: true, force: true, maxRetries: 3 });
  }
}
