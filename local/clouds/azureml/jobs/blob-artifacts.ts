import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { AppendedLog } from "./appended-log.ts";
import { type Artifacts, artifactPath, LOG_FOLDERS, logFiles } from "./artifacts.ts";
import type { BlobAccount } from "./blob-account.ts";
import { filesBelow } from "./blob-place.ts";

const CONTAINER = "workspaceartifactstore";

/** Artifacts in a container: logs are appended to their blobs while the job runs, everything else follows at its end. */
export class BlobArtifacts implements Artifacts {
  readonly #account: BlobAccount;
  readonly #root: string;
  readonly #logs = new Map<string, AppendedLog>();

  /** @param root Folder of this machine for what is not kept yet. */
  constructor(account: BlobAccount, root: string) {
    this.#account = account;
    this.#root = root;
  }

  folder(job: string): string {
    return join(this.#root, artifactPath(job));
  }

  async sync(job: string): Promise<void> {
    for (const { path, file } of logFiles(this.folder(job))) await this.#log(job, path, file).sync();
  }

  async keep(job: string): Promise<void> {
    const folder = this.folder(job);
    if (!existsSync(folder)) return;
    for (const { path, file } of logFiles(folder)) await this.#log(job, path, file).finish();
    const files = [...filesBelow(folder, "")].filter(([path]) => !isLog(path));
    await this.#account.uploadFiles(CONTAINER, new Map(files.map(([path, file]) => [`${artifactPath(job)}/${path}`, file])));
  }

  async release(job: string): Promise<void> {
    for (const key of this.#logs.keys()) if (key.startsWith(`${job}/`)) this.#logs.delete(key);
    await rm(this.folder(job), { recursive: true, force: true, maxRetries: 3 });
  }

  async logs(job: string): Promise<Record<string, string>> {
    const prefix = `${artifactPath(job)}/`;
    const found = await Promise.all(LOG_FOLDERS.map((folder) => this.#account.names(CONTAINER, `${prefix}${folder}/`)));
    const url = (name: string) => `${this.#account.endpoint}/${CONTAINER}/${name.split("/").map(encodeURIComponent).join("/")}`;
    return Object.fromEntries(found.flat().map((name) => [name.slice(prefix.length), url(name)]));
  }

  #log(job: string, path: string, file: string): AppendedLog {
    const key = `${job}/${path}`;
    const log = this.#logs.get(key) ?? new AppendedLog(this.#account, CONTAINER, { name: `${artifactPath(job)}/${path}`, file });
    this.#logs.set(key, log);
    return log;
  }
}

function isLog(path: string): boolean {
  return LOG_FOLDERS.some((folder) => path.startsWith(`${folder}/`));
}
