import { z } from "zod";

/** Name of the file in a state folder by which clients find the running workspace; only its owner may read it. */
export const WORKSPACE_FILE = "workspace.json";

/** Of the state folder and its configuration. Grows when an older program could not read what a newer one writes. */
export const STATE_VERSION = 1;

/** What `npm start` leaves in the state folder while it runs. */
export const WorkspaceFile = z.object({
  /** Where the API answers, e.g. `http://127.0.0.1:7071`. */
  address: z.url(),
  /** Bearer token for the API; renewed in this file before it expires. */
  token: z.string(),
  pid: z.int(),
  /** Distinguishes the process from a later one with the same pid. */
  startedAt: z.iso.datetime(),
  version: z.string(),
});
export type WorkspaceFile = z.infer<typeof WorkspaceFile>;
