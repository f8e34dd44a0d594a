import { z } from "zod";
import type { ServiceClient } from "./service-client.ts";
import { codesIn, textOf } from "./service-error.ts";
import type { WorkspaceUrls } from "./workspace-urls.ts";

/** How a job ended, as run history tells it; the job's own resource has neither times nor a reason. Times are ISO 8601, UTC. */
export interface RunDetails {
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly warnings: string[];
  readonly error?: { code: string; message: string; exitCode?: number };
}

const Time = z
  .string()
  .transform((text) => new Date(text))
  .refine((time) => !Number.isNaN(time.getTime()))
  .transform((time) => time.toISOString());

const Details = z.object({
  startTimeUtc: Time.nullish().catch(undefined),
  endTimeUtc: Time.nullish().catch(undefined),
  warnings: z.array(z.unknown()).nullish().catch(undefined),
  error: z
    .object({ error: z.looseObject({}).nullish() })
    .nullish()
    .catch(undefined),
});

const Workspace = z.object({ properties: z.object({ discoveryUrl: z.url() }) });
const Discovery = z.object({ api: z.url() });

/** Reads details of runs; the address of run history is asked of the workspace, once in a process. */
export class RunHistory {
  private regional: Promise<URL> | undefined;
  private readonly client: ServiceClient;
  private readonly urls: WorkspaceUrls;

  constructor(client: ServiceClient, urls: WorkspaceUrls) {
    this.client = client;
    this.urls = urls;
  }

  /** @throws {ComputeError} */
  async details(run: string, signal: AbortSignal): Promise<RunDetails> {
    const url = this.urls.runDetails(await this.address(signal), run);
    const details = Details.parse(await this.client.send({ method: "GET", url, what: `say how job ${run} went`, signal }));
    const error = details.error?.error;
    return {
      ...(details.startTimeUtc && { startedAt: details.startTimeUtc }),
      ...(details.endTimeUtc && { endedAt: details.endTimeUtc }),
      warnings: (details.warnings ?? []).flatMap((warning) => (typeof warning === "string" ? warning : (textOf(warning) ?? []))),
      ...(error && { error: reasonOf(error) }),
    };
  }

  private address(signal: AbortSignal): Promise<URL> {
    this.regional ??= this.discover(signal).catch((error: unknown) => {
      this.regional = undefined;
      throw error;
    });
    return this.regional;
  }

  private async discover(signal: AbortSignal): Promise<URL> {
    const what = `say where the run history of ${this.urls.id} is`;
    const workspace = Workspace.parse(await this.client.send({ method: "GET", url: this.urls.arm(), what, signal }));
    const url = new URL(workspace.properties.discoveryUrl);
    return new URL(Discovery.parse(await this.client.send({ method: "GET", url, what, signal, authorized: false })).api);
  }
}

/** The innermost code is the specific one. An exit code comes in words only. */
function reasonOf(error: Record<string, unknown>): NonNullable<RunDetails["error"]> {
  const message = textOf(error) ?? "Azure ML gave no reason";
  const exitCode = /exit(?:ed with)?(?: status)? code:? (\d{1,3})\b/i.exec(message)?.[1];
  return { code: codesIn(error).at(-1) ?? "JobFailed", message, ...(exitCode !== undefined && { exitCode: Number(exitCode) }) };
}
