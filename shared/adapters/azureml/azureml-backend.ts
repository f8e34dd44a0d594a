import type { HttpClient } from "@azure/core-rest-pipeline";
import type { TokenCredential } from "@azure/identity";
import { ZodError } from "zod";
import type { Clock } from "../../ports/clock.ts";
import { type ComputeBackend, ComputeError, type JobRef, type JobRequest, type JobState } from "../../ports/compute-backend.ts";
import type { Log } from "../../ports/log.ts";
import { Assets } from "./assets.ts";
import { endedJob } from "./ended-job.ts";
import { jobBody, KEY_PROPERTY } from "./job-body.ts";
import { JobResource, statusOf } from "./job-resource.ts";
import type { Deadlines } from "./read-body-policy.ts";
import { type RunDetails, RunHistory } from "./run-details.ts";
import { isLoopback, ServiceClient } from "./service-client.ts";
import { ServiceRefusal } from "./service-error.ts";
import { WorkspaceUrls } from "./workspace-urls.ts";

export interface AzureMlBackendOptions {
  /** Of Azure Resource Manager, e.g. `https://management.azure.com`; plain http on loopback only. */
  readonly baseUrl: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly workspaceName: string;
  /** E.g. `2024-04-01`. */
  readonly apiVersion: string;
  /** What tokens are for, e.g. `https://management.azure.com/`. */
  readonly audience: string;
  readonly credential: TokenCredential;
  readonly clock: Pick<Clock, "now">;
  readonly httpClient?: HttpClient;
  readonly deadlines?: Deadlines;
  /** Told of what is odd and has no caller to be told to. */
  readonly log?: Pick<Log, "warn">;
}

/** Where Azure ML keeps the logs and the files of jobs. */
const ARTIFACTS = "workspaceartifactstore";
/** How long how a job ended is asked for before it is told without the reason, in milliseconds. */
const DETAILS_PATIENCE_MS = 300_000;
/** ARM's own words for a 404 on the way to the workspace: nothing is said of the job. */
const NOT_THE_JOB = ["SubscriptionNotFound", "ResourceGroupNotFound", "ResourceNotFound", "InvalidResourceType"];

/** AmlCompute by the ARM REST contract of Azure Machine Learning. @throws {TypeError} at once for a base URL that is not https. */
export function createAzureMlBackend(options: AzureMlBackendOptions): ComputeBackend & { close(): void } {
  return new AzureMlBackend(options);
}

class AzureMlBackend implements ComputeBackend {
  readonly kind = "azureml";
  private readonly urls: WorkspaceUrls;
  private readonly client: ServiceClient;
  private readonly assets: Assets;
  private readonly history: RunHistory;
  private readonly clock: Pick<Clock, "now">;
  private readonly log: Pick<Log, "warn"> | undefined;
  /** When the details of an ended job were first asked for in vain. */
  private readonly withoutDetailsSince = new Map<string, number>();

  constructor(options: AzureMlBackendOptions) {
    this.urls = new WorkspaceUrls(options);
    const { protocol } = this.urls.origin;
    if (protocol !== "https:" && !isLoopback(this.urls.origin)) throw new TypeError(`Azure ML's base URL ${options.baseUrl} must be https`);
    this.client = new ServiceClient(options);
    this.assets = new Assets(this.client, this.urls);
    this.history = new RunHistory(this.client, this.urls);
    this.clock = options.clock;
    this.log = options.log;
  }

  async submit(request: JobRequest, beforeSubmit: () => Promise<void>, signal: AbortSignal): Promise<JobRef> {
    const [code, environment] = await Promise.all([
      request.code && this.assets.code(request.code, signal),
      this.assets.environment(request.environment, signal),
    ]);
    const body = jobBody(request, { compute: this.urls.idOf("computes", request.compute), code, environment });
    await beforeSubmit();
    try {
      await this.client.send({ method: "PUT", url: this.urls.arm("jobs", request.key), body, what: `start job ${request.key}`, signal });
    } catch (error) {
      if (!isAlreadyThere(error) || !(await this.isOurs(request.key, signal))) throw error;
    }
    return { backend: this.kind, id: request.key };
  }

  async observe({ id }: JobRef, signal: AbortSignal, toldEnded = false): Promise<JobState> {
    const early = toldEnded ? this.history.details(id, signal).catch(() => undefined) : undefined;
    const job = await this.get(id, signal);
    if (!job) return { status: "lost" };
    const status = statusOf(job);
    switch (status) {
      case "completed":
      case "failed":
      case "canceled":
        return endedJob(id, status, job, await this.detailsOf(id, status, signal, early));
      case undefined:
        this.log?.warn("Azure ML has a word for a job that does not say where it stands; it is taken to be running", {
          job: id,
          status: job.properties.status,
        });
        return { status: "running" };
      default:
        return { status };
    }
  }

  async cancel({ id }: JobRef, signal: AbortSignal): Promise<void> {
    try {
      await this.client.send({ method: "POST", url: this.urls.arm("jobs", id, "cancel"), what: `cancel job ${id}`, signal });
    } catch (error) {
      if (!(error instanceof ServiceRefusal) || ![400, 404, 409].includes(error.status)) throw error;
      const job = await this.get(id, signal);
      const status = job && statusOf(job);
      const goesOn = status === undefined ? job !== undefined : ["queued", "preparing", "running"].includes(status);
      if (goesOn) throw error;
    }
  }

  logFolders({ id }: JobRef): { datastore: string; prefix: string }[] {
    return ["azureml-logs", "user_logs"].map((folder) => ({ datastore: ARTIFACTS, prefix: `ExperimentRun/dcid.${id}/${folder}/` }));
  }

  artifactFolder({ id }: JobRef): { datastore: string; prefix: string } {
    return { datastore: ARTIFACTS, prefix: `ExperimentRun/dcid.${id}/` };
  }

  close(): void {
    this.client.close();
  }

  /** The job, or undefined when the service says that it has none of this name. */
  private async get(id: string, signal: AbortSignal): Promise<JobResource | undefined> {
    try {
      return JobResource.parse(await this.client.send({ method: "GET", url: this.urls.arm("jobs", id), what: `show job ${id}`, signal }));
    } catch (error) {
      if (error instanceof ServiceRefusal && saysNoSuchJob(error)) return undefined;
      throw error instanceof ZodError ? badAnswer(`show job ${id}`, error) : error;
    }
  }

  /** A job of this name that another body made is ours if it says so; then it is what an earlier version of us submitted for this attempt. */
  private async isOurs(key: string, signal: AbortSignal): Promise<boolean> {
    return (await this.get(key, signal))?.properties.properties?.[KEY_PROPERTY] === key;
  }

  /**
   * Why a job failed is worth waiting for, within limits; that it completed is known without. So details that cannot be had do not
   * keep a step from ending for ever.
   * @param early details that were asked for before the end was known: of use only if they know of it too.
   */
  private async detailsOf(
    id: string,
    status: "completed" | "failed" | "canceled",
    signal: AbortSignal,
    early: Promise<RunDetails | undefined> | undefined,
  ): Promise<RunDetails> {
    try {
      const known = await early;
      const isWhole = known?.endedAt !== undefined && (status !== "failed" || known.error !== undefined);
      const details = isWhole ? known : await this.history.details(id, signal);
      this.withoutDetailsSince.delete(id);
      return details;
    } catch (thrown) {
      const error = thrown instanceof ZodError ? badAnswer(`say how job ${id} went`, thrown) : thrown;
      if (!(error instanceof ComputeError) || (status !== "completed" && error.retryable && this.isPatient(id))) throw error;
      return { warnings: [`how job ${id} went could not be read: ${error.message}`] };
    }
  }

  private isPatient(id: string): boolean {
    const since = this.withoutDetailsSince.get(id) ?? this.clock.now();
    this.withoutDetailsSince.set(id, since);
    const patient = this.clock.now() - since < DETAILS_PATIENCE_MS;
    if (!patient || this.withoutDetailsSince.size > 10_000) this.withoutDetailsSince.delete(id);
    return patient;
  }
}

/** The service's ways to say that a job of this name is there and is another. */
function isAlreadyThere(error: unknown): boolean {
  if (!(error instanceof ServiceRefusal)) return false;
  return error.status === 409 || error.codes.some((code) => code === "Immutable" || code === "JobPropertyImmutable");
}

function saysNoSuchJob({ status, codes }: ServiceRefusal): boolean {
  return status === 404 && codes.length > 0 && !codes.some((code) => NOT_THE_JOB.includes(code));
}

function badAnswer(what: string, cause: unknown): ComputeError {
  return new ComputeError("BadAnswer", `Azure ML's answer has another shape than its contract when asked to ${what}`, {
    retryable: true,
    cause,
  });
}
