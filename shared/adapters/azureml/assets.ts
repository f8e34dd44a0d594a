import { createHash } from "node:crypto";
import { sortedJson } from "../../domain/sorted-json.ts";
import type { JobRequest } from "../../ports/compute-backend.ts";
import type { ServiceClient } from "./service-client.ts";
import { ServiceRefusal } from "./service-error.ts";
import type { WorkspaceUrls } from "./workspace-urls.ts";

/** Assets remembered as registered, at the most: a step needs two. */
const REMEMBERED = 1_000;

/**
 * Registers what a job refers to: its snapshot as a code version, its environment as an environment version. Both are named by their
 * content, so registering again is registering the same, and once in a process is enough.
 */
export class Assets {
  private readonly registered = new Map<string, Promise<string>>();
  private readonly client: ServiceClient;
  private readonly urls: WorkspaceUrls;

  constructor(client: ServiceClient, urls: WorkspaceUrls) {
    this.client = client;
    this.urls = urls;
  }

  /** ARM id of the code version of a snapshot. */
  code({ id, uri }: NonNullable<JobRequest["code"]>, signal: AbortSignal): Promise<string> {
    const body = sortedJson({ properties: { codeUri: uri, isAnonymous: true } });
    return this.once(`code ${id} ${uri}`, async () => {
      try {
        return await this.put(["codes", `snapshot-${id}`, "versions", "1"], body, signal);
      } catch (error) {
        if (!(error instanceof ServiceRefusal) || !isOtherPath(error)) throw error;
        // A version's path is for ever, and the store that holds the snapshots has moved since.
        return await this.put(["codes", `snapshot-${id}`, "versions", sha256(uri).slice(0, 16)], body, signal);
      }
    });
  }

  /** ARM id of the environment version with this image and conda file. */
  environment({ image, condaFile }: JobRequest["environment"], signal: AbortSignal): Promise<string> {
    const content = sortedJson({ image, condaFile });
    const body = sortedJson({ properties: { image, condaFile, osType: "Linux", isAnonymous: true } });
    return this.once(`environment ${content}`, () => this.put(["environments", `env-${sha256(content)}`, "versions", "1"], body, signal));
  }

  private async put(path: readonly string[], body: string, signal: AbortSignal): Promise<string> {
    await this.client.send({ method: "PUT", url: this.urls.arm(...path), body, what: `register ${path.slice(0, 2).join(" ")}`, signal });
    return this.urls.idOf(...path);
  }

  private once(what: string, register: () => Promise<string>): Promise<string> {
    const known = this.registered.get(what);
    if (known) return known;
    const registering = register();
    this.registered.set(what, registering);
    if (this.registered.size > REMEMBERED) for (const [oldest] of this.registered.entries().take(1)) this.registered.delete(oldest);
    registering.catch(() => this.registered.delete(what));
    return registering;
  }
}

function isOtherPath({ status, message }: ServiceRefusal): boolean {
  return (status === 400 || status === 409) && message.includes("Asset paths cannot be updated");
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
