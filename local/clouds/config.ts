import { z } from "zod";

const Secret = z.string().min(16);

/** What the process of the stand-ins is told once, at its start. It holds secrets: by message or on standard input, never by arguments. */
export const CloudsConfig = z.strictObject({
  /** Folder of all stand-ins, each below it by its name; one process per folder. */
  stateFolder: z.string().min(1),
  /** Port on 127.0.0.1; the next free one is taken when it is in use. 0: any. */
  port: z.int().min(0).max(65_535),
  /** Holds a folder for each container: `workspaceblobstore`, `workspaceartifactstore`, `snapshots`. */
  datastoresRoot: z.string().min(1),
  /** Holds the datastores as containers; absent: they are the folders. */
  storageAccount: z.strictObject({ endpoint: z.url(), connectionString: Secret }).optional(),
  tenantId: z.guid(),
  /** Client id of the API's registration, the audience of its tokens. */
  apiClientId: z.guid(),
  /** The client that gets a token with role Admin for its secret. */
  clientId: z.guid(),
  clientSecret: Secret,
  /** What IDENTITY_HEADER holds in the app. */
  identityHeader: Secret,
  /** Opens the issuer's and the job service's own admin routes. */
  adminSecret: Secret,
  eventGrid: z.strictObject({
    /** The app's webhooks, with the function's name and key. */
    jobStatusUrl: z.url(),
    blobCreatedUrl: z.url(),
    /** What goes along with each event, e.g. `x-functions-key`. */
    headers: z.record(z.string(), z.string()).default({}),
  }),
  /** The Azure ML workspace that the job service is. */
  workspace: z.strictObject({
    subscriptionId: z.guid(),
    resourceGroup: z.string().min(1),
    workspaceName: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}$/),
    location: z.string().min(1),
  }),
  /** Name and size of the one cluster; absent: half of the processors, two at the least. */
  cluster: z.string().default("cpu-cluster"),
  maxNodes: z.int().positive().optional(),
  /** The default interpreter, a name on PATH or a path. */
  python: z.string().min(1).optional(),
  /** Put before the requirements of each `pip install`. */
  pipArguments: z.array(z.string()).default([]),
  /** The image by which the app names this machine as it is. */
  defaultImage: z.string().min(1).optional(),
});
export type CloudsConfig = z.output<typeof CloudsConfig>;

/** @throws {Error} naming each member that is wrong, without its value. */
export function readConfig(value: unknown): CloudsConfig {
  const parsed = CloudsConfig.safeParse(value);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "it"}: ${message}`);
  throw new Error(`the configuration of the stand-ins is not as it should be: ${lines.join("; ")}`);
}
