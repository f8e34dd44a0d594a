import { decodeProtectedHeader, errors } from "jose";
import { z } from "zod";
import { ProblemError } from "../../domain/problems.ts";
import type { Principal, VerifyCaller } from "../../ports/callers.ts";
import type { Clock } from "../../ports/clock.ts";
import { type AccessTokenRules, verifyAccessToken } from "./access-token.ts";
import { readIssuerMetadata, type TokenVersion } from "./issuer-metadata.ts";
import { SigningKeys } from "./signing-keys.ts";
import { verifyStepToken } from "./step-token.ts";

const LEEWAY_SECONDS = 120;
const MAX_TOKEN_BYTES = 8 * 1024;
const HELD_TOKENS = 1_000;

/** RFC 6750 §2.1: one scheme, one token, nothing after it. A JWT of three parts and no more. */
const BEARER = /^bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i;

export interface TokenVerifierOptions {
  readonly tenantId: string;
  /** Client ids of the API (GUIDs: taken from tokens of version 2.0) and its App ID URIs (the rest: from version 1.0). */
  readonly audiences: readonly string[];
  /** Where tokens are issued, e.g. `https://login.microsoftonline.com`; plain http on loopback only. */
  readonly authority: string;
  /** Signs step tokens; 32 bytes or more. */
  readonly stepTokenKey: Uint8Array;
  readonly clock: Pick<Clock, "now">;
  /** What a delegated token must be for; the scope that Azure makes by default unless named. */
  readonly scopes?: readonly string[];
  readonly fetch?: typeof fetch;
  readonly warn?: (message: string, error: unknown) => void;
}

/**
 * Verifies callers by their bearer token: access tokens of one Entra tenant (RS256) and step tokens (HS256). A token once verified is
 * remembered until it expires, so that a poll costs a look-up.
 * @throws {TypeError | RangeError} at once, when a setting cannot be right.
 */
export function createTokenVerifier(options: TokenVerifierOptions): VerifyCaller {
  const verify = chooseByAlgorithm(options);
  const held = new Map<string, { principal: Principal; expiresAt: number }>();
  return async (authorization) => {
    const token = bearerToken(authorization);
    const known = held.get(token);
    if (known && options.clock.now() < known.expiresAt * 1000) {
      held.delete(token); // set again as the newest, so that the oldest in the map is the one least used
      held.set(token, known);
      return known.principal;
    }
    const verified = await verify(token).catch(refuse);
    held.set(token, verified);
    if (held.size > HELD_TOKENS) for (const [oldest] of held.entries().take(1)) held.delete(oldest);
    return verified.principal;
  };
}

/** Each kind has one algorithm and its own kind of key, so no token can make one kind's key verify the other. */
function chooseByAlgorithm(options: TokenVerifierOptions) {
  const { clock, stepTokenKey } = options;
  const rules = rulesOf(options);
  const keys = { "1.0": signingKeys("1.0", options), "2.0": signingKeys("2.0", options) };
  return async (token: string): Promise<{ principal: Principal; expiresAt: number }> => {
    const now = new Date(clock.now());
    const header = headerOf(token);
    if (header.alg === "RS256") return await verifyAccessToken(token, header, rules, keys, now);
    return await verifyStepToken(token, { key: stepTokenKey, tenantId: rules.tenantId, now, leewaySeconds: LEEWAY_SECONDS });
  };
}

function rulesOf(options: TokenVerifierOptions): AccessTokenRules {
  const isClientId = (audience: string) => z.guid().safeParse(audience).success;
  if (!options.audiences.some(isClientId)) throw new TypeError("audiences must hold the client id of the API");
  return {
    tenantId: z.guid("tenantId must be a GUID").parse(options.tenantId).toLowerCase(),
    audiences: { "1.0": options.audiences.filter((audience) => !isClientId(audience)), "2.0": options.audiences.filter(isClientId) },
    scopes: options.scopes ?? ["user_impersonation"],
    leewaySeconds: LEEWAY_SECONDS,
  };
}

function signingKeys(version: TokenVersion, options: TokenVerifierOptions): SigningKeys {
  const authority = new URL(options.authority);
  const loopback = ["127.0.0.1", "localhost", "[::1]"].includes(authority.hostname);
  if (authority.protocol !== "https:" && !loopback) throw new TypeError(`authority ${options.authority} must be https`);
  const read = () => readIssuerMetadata(authority, options.tenantId.toLowerCase(), version, options.fetch ?? fetch);
  return new SigningKeys(version, read, options.clock, options.warn ?? (() => {}));
}

function bearerToken(authorization: string | null | undefined): string {
  if (!authorization) throw unauthenticated("the request has no Authorization header with a bearer token");
  const token = authorization.length <= MAX_TOKEN_BYTES + "bearer ".length ? BEARER.exec(authorization)?.[1] : undefined;
  if (token === undefined) throw unauthenticated("the Authorization header is not one bearer token of at most 8 KB");
  return token;
}

function headerOf(token: string) {
  try {
    return decodeProtectedHeader(token);
  } catch (error) {
    throw new errors.JWTInvalid("the token's header cannot be read", { cause: error });
  }
}

/** Says no more than that the token will not do, save for one that was good: it has expired. */
function refuse(error: unknown): never {
  if (error instanceof errors.JWTExpired) throw unauthenticated("the access token has expired", error);
  if (error instanceof errors.JOSEError) throw unauthenticated("the access token is not valid here", error);
  throw error;
}

function unauthenticated(reason: string, cause?: unknown): ProblemError {
  return new ProblemError({ kind: "unauthenticated", reason }, { cause });
}
