import { z } from "zod";

/** Version of an access token, its `ver` claim: each has its own metadata document, keys and issuer. */
export type TokenVersion = "1.0" | "2.0";

/** What the tenant's issuer says of itself: the exact `iss` of its tokens, and its signing keys by id. */
export interface IssuerMetadata {
  readonly issuer: string;
  readonly keys: ReadonlyMap<string, RsaJwk>;
}

const RsaJwk = z.object({ kty: z.literal("RSA"), kid: z.string().min(1).max(256), n: z.string(), e: z.string() });
export type RsaJwk = z.infer<typeof RsaJwk>;

const Configuration = z.object({ issuer: z.string(), jwks_uri: z.url() });
const KeySet = z.object({ keys: z.array(z.unknown()).max(100) });

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 1024 * 1024;

/**
 * Reads the OpenID configuration (OpenID Connect Discovery 1.0 §4) of one tenant for one token version, and the keys it names.
 * Where to ask comes from settings alone, never from a token.
 * @throws {Error} naming the document that could not be had, or that does not belong to this authority and tenant.
 */
export async function readIssuerMetadata(
  authority: URL,
  tenantId: string,
  version: TokenVersion,
  fetcher: typeof fetch,
): Promise<IssuerMetadata> {
  const base = `${authority.href.replace(/\/+$/, "")}/${tenantId}${version === "2.0" ? "/v2.0" : ""}`;
  const { issuer, jwks_uri } = Configuration.parse(await readJson(`${base}/.well-known/openid-configuration`, fetcher));
  if (version === "2.0" ? issuer !== base : !isIssuerOfTenant(issuer, tenantId))
    throw new Error(`the OpenID configuration at ${base} names issuer ${JSON.stringify(issuer)}, which is not the tenant's`);
  if (new URL(jwks_uri).origin !== authority.origin)
    throw new Error(`the OpenID configuration at ${base} keeps its keys elsewhere: ${JSON.stringify(jwks_uri)}`);
  const { keys } = KeySet.parse(await readJson(jwks_uri, fetcher));
  const usable = keys.flatMap((key) => RsaJwk.safeParse(key).data ?? []);
  return { issuer, keys: new Map(usable.map((key) => [key.kid, key])) };
}

/** A version 1 issuer has a host of its own (`https://sts.windows.net/<tenant>/` in the public cloud), so only its path can be told. */
function isIssuerOfTenant(issuer: string, tenantId: string): boolean {
  return URL.canParse(issuer) && new URL(issuer).pathname === `/${tenantId}/`;
}

async function readJson(url: string, fetcher: typeof fetch): Promise<unknown> {
  const response = await fetcher(url, {
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: { accept: "application/json" },
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return JSON.parse(await readText(response, url));
}

async function readText(response: Response, url: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error(`${url} answered more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
