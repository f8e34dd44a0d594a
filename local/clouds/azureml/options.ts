import type { Fault } from "./http/faults.ts";
import type { BlobAccountOptions } from "./jobs/blob-account.ts";
import type { EventGridEvent } from "./jobs/run-status-event.ts";

export interface WorkspaceCoordinates {
  subscriptionId: string;
  resourceGroup: string;
  workspaceName: string;
  location: string;
}

/** Where `RunStatusChanged` goes: a webhook that answers Event Grid's handshake, or a function. */
export type EventSink = { url: string; headers?: Record<string, string> } | ((events: EventGridEvent[]) => Promise<void>);

export interface AzureMlOptions {
  /** Holds `azureml.db`, the folders of live jobs and the built environments. One server per folder. */
  stateFolder: string;
  workspace: WorkspaceCoordinates;
  /** Folder of each datastore; `workspaceartifactstore` is needed, since logs and outputs go there. Of a datastore in `storageAccount`: for what is on its way. */
  datastores: Record<string, string>;
  /** Holds the datastores as containers of the same names; absent: they are folders. */
  storageAccount?: BlobAccountOptions;
  /** Further folders that `file:///` URIs may point into. */
  allowedRoots?: readonly string[];
  /** Rejects when the bearer token is not one for Azure Resource Manager. */
  verifyToken(token: string): Promise<void>;
  eventSink?: EventSink;
  /** The default interpreter, a name on PATH or a path; default `python3`. Resolved once to the real executable. */
  python?: string;
  /** Put before the requirements of each `pip install`. */
  pipArguments?: readonly string[];
  /** The image by which clients name this machine as it is; any other is warned of, since it is not used. */
  defaultImage?: string;
  /** Base of the URLs that the server names itself by; default: the request's own Host header. */
  baseUrl?: string;
  /** What the machine's allow-listed variables are read from; default `process.env`. */
  machineEnvironment?: Readonly<Record<string, string | undefined>>;
  /** Bytes kept of a job's log, three quarters from its beginning and one from its end; default 64 MiB. */
  logLimitBytes?: number;
  /** Between TERM and KILL, in milliseconds; default 10,000 on cancel. */
  cancelGraceMilliseconds?: number;
  /** The same when the server stops and pre-empts its jobs; default 1,000. */
  preemptionGraceMilliseconds?: number;
  /** How long a status that is not the last is held back, in milliseconds; default 75. */
  eventHoldMilliseconds?: number;
  /** Opens `PUT /faults`; without it that route does not exist. */
  faultToken?: string;
  faults?: readonly Fault[];
  clock?: () => Date;
  /** Told of what went wrong and has no caller to be told to; default: standard error. */
  log?: (message: string) => void;
}
