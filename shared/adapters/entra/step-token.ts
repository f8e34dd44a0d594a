import type { webcrypto } from "node:crypto";
import { errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { RunId } from "../../domain/ids.ts";
import type { StepPrincipal, StepTokenClaims, StepTokens } from "../../ports/callers.ts";

const ISSUER = "penstock";
const AUDIENCE = "penstock-step";
/** RFC 7518 §3.2: a key at least as long as the hash. */
const KEY_BYTES = 32;

const Claims = z.object({ sub: RunId, run: RunId, exp: z.int() });

/**
 * A step token: a JWT signed with HS256, `{iss: "penstock", aud: "penstock-step", sub: step run id, run: pipeline run id, exp}`. It has
 * no `iat`, so the same claims and key give the same bytes.
 * @throws {RangeError} when the key has less than 32 bytes.
 */
export async function mintStepToken(claims: StepTokenClaims, key: Uint8Array): Promise<string> {
  return await new SignJWT({ run: claims.runId })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(claims.stepRunId)
    .setExpirationTime(Math.floor(Date.parse(claims.expiresAt) / 1000))
    .sign(await imported(key));
}

/** The port that services mint through. */
export function createStepTokens(key: Uint8Array): StepTokens {
  longEnough(key);
  return { mint: (claims) => mintStepToken(claims, key) };
}

/**
 * Who a step token speaks for, and until when it may be believed (seconds since the epoch).
 * @throws {errors.JOSEError} for any token that {@link mintStepToken} did not make with this key, or that has expired.
 */
export async function verifyStepToken(
  token: string,
  options: { key: Uint8Array; tenantId: string; now: Date; leewaySeconds: number },
): Promise<{ principal: StepPrincipal; expiresAt: number }> {
  const { payload } = await jwtVerify(token, await imported(options.key), {
    algorithms: ["HS256"],
    typ: "JWT",
    issuer: ISSUER,
    audience: AUDIENCE,
    requiredClaims: ["exp"],
    currentDate: options.now,
    clockTolerance: options.leewaySeconds,
  });
  const claims = Claims.safeParse(payload);
  if (!claims.success) throw new errors.JWTInvalid("the claims are not those of a step token");
  const { sub: stepRunId, run: runId, exp } = claims.data;
  return {
    principal: { kind: "step", objectId: stepRunId, tenantId: options.tenantId, roles: [], stepRunId, runId },
    expiresAt: exp + options.leewaySeconds,
  };
}

const importedKeys = new WeakMap<Uint8Array, Promise<webcrypto.CryptoKey>>();

/** The key as the platform signs with it; importing it anew for each token takes longer than signing. */
async function imported(key: Uint8Array): Promise<webcrypto.CryptoKey> {
  const known =
    importedKeys.get(key) ??
    crypto.subtle.importKey("raw", Uint8Array.from(longEnough(key)), { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
  importedKeys.set(key, known);
  return await known;
}

function longEnough(key: Uint8Array): Uint8Array {
  if (key.length < KEY_BYTES) throw new RangeError(`the key of step tokens has ${key.length} bytes; it needs ${KEY_BYTES}`);
  return key;
}
