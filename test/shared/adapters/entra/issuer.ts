import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { SignJWT } from "jose";

export const TENANT = "11111111-1111-4111-8111-111111111111";
export const OTHER_TENANT = "22222222-2222-4222-8222-222222222222";
export const CLIENT_ID = "33333333-3333-4333-8333-333333333333";
export const APP_ID_URI = "api://penstock";
export const OBJECT_ID = "44444444-4444-4444-8444-444444444444";
export const AUTHORITY = "https://login.example";
export const NOW = Date.UTC(2026, 10, 24, 12);
export const STEP_KEY = new Uint8Array(32).fill(7);

const nowSeconds = NOW / 1000;

export const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
export const foreignRsa = generateKeyPairSync("rsa", { modulusLength: 2048 });

export function publicJwk(key: KeyObject, kid: string): Record<string, unknown> {
  return { ...createPublicKey(key).export({ format: "jwk" }), kid, use: "sig" };
}

/** Claims of a delegated token of version 2.0 that is good at {@link NOW}. */
export function userClaims(rest: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    iss: `${AUTHORITY}/${TENANT}/v2.0`,
    aud: CLIENT_ID,
    tid: TENANT,
    oid: OBJECT_ID,
    ver: "2.0",
    scp: "openid user_impersonation",
    roles: ["Author"],
    name: "Ada",
    nbf: nowSeconds - 60,
    exp: nowSeconds + 3600,
    ...rest,
  };
}

/** Claims of an application's own token of version 2.0. */
export function appClaims(rest: Record<string, unknown> = {}): Record<string, unknown> {
  return userClaims({ scp: undefined, name: undefined, idtyp: "app", roles: ["Submitter"], ...rest });
}

/** Claims of an application's own token of version 1.0. */
export function v1Claims(rest: Record<string, unknown> = {}): Record<string, unknown> {
  return appClaims({ ver: "1.0", iss: `https://sts.windows.net/${TENANT}/`, aud: APP_ID_URI, ...rest });
}

/** Signs claims as the issuer would, unless told another key or header. */
export async function sign(
  claims: Record<string, unknown>,
  options: { key?: KeyObject; header?: Record<string, unknown> } = {},
): Promise<string> {
  const header = { alg: "RS256", typ: "JWT", kid: "key-1", ...options.header };
  return await new SignJWT(claims).setProtectedHeader(header).sign(options.key ?? rsa.privateKey);
}

/** The issuer's documents as a `fetch`, with what was asked; `keys` and `down` may be changed while it is used. */
export function anIssuer() {
  const issuer = {
    asked: [] as string[],
    down: false,
    keys: [publicJwk(rsa.privateKey, "key-1")],
    documents: {} as Record<string, unknown>,
    fetch: async (input: string | URL | Request): Promise<Response> => {
      const url = String(input);
      issuer.asked.push(url);
      if (issuer.down) throw new TypeError("fetch failed");
      const body = issuer.documents[url] ?? defaults(issuer.keys)[url];
      return body === undefined ? new Response("", { status: 404 }) : Response.json(body);
    },
  };
  return issuer;
}

function defaults(keys: unknown[]): Record<string, unknown> {
  const base = `${AUTHORITY}/${TENANT}`;
  return {
    [`${base}/v2.0/.well-known/openid-configuration`]: { issuer: `${base}/v2.0`, jwks_uri: `${base}/discovery/v2.0/keys` },
    [`${base}/.well-known/openid-configuration`]: {
      issuer: `https://sts.windows.net/${TENANT}/`,
      jwks_uri: `${base}/discovery/keys`,
    },
    [`${base}/discovery/v2.0/keys`]: { keys },
    [`${base}/discovery/keys`]: { keys },
  };
}
