import { z } from "zod";

/** An application that asks for tokens as itself: a registered client with its secret, or the managed identity of the app. */
const Application = z.strictObject({
  clientId: z.guid().toLowerCase(),
  /** Object id of its service principal: the `oid` of its tokens. */
  objectId: z.guid().toLowerCase(),
  displayName: z.string().min(1).max(255),
  /** App roles that it holds on the API. */
  roles: z.array(z.string().min(1)).default([]),
});

/** What the issuer is told: one tenant, one API, one client, one managed identity. */
export const EntraOptions = z.strictObject({
  tenantId: z.guid().toLowerCase(),
  /** Registration of the API: tokens for it are of version 2.0, all others of version 1.0. */
  api: z.strictObject({ clientId: z.guid().toLowerCase(), appIdUris: z.array(z.string().min(1)).default([]) }),
  client: Application.extend({ secret: z.string().min(16) }),
  /** `header`: what IDENTITY_HEADER holds in the app. */
  identity: Application.extend({ header: z.string().min(16) }),
  /** Lets its bearer roll the keys. */
  adminSecret: z.string().min(16),
  /** Life of a token, in seconds. */
  tokenSeconds: z.int().positive().default(3600),
});
export type EntraOptions = z.output<typeof EntraOptions>;
export type Application = z.output<typeof Application>;
