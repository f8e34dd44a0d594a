import { decodeJwt, errors, jwtVerify } from "jose";
import { z } from "zod";
import { ROLES } from "../../domain/roles.ts";
import type { DirectoryPrincipal } from "../../ports/callers.ts";
import type { TokenVersion } from "./issuer-metadata.ts";
import type { SigningKeys } from "./signing-keys.ts";

/** What an access token must say to be believed here. */
export interface AccessTokenRules {
  /** Lower case. */
  readonly tenantId: string;
  /** The `aud` values taken, by token version: the API's client id for 2.0, its App ID URI for 1.0. */
  readonly audiences: Readonly<Record<TokenVersion, readonly string[]>>;
  /** A delegated token needs one of these in its `scp`. */
  readonly scopes: readonly string[];
  readonly leewaySeconds: number;
}

/** Nothing in a header may name or carry a key, hold another token, or ask for an extension. */
const Header = z.object({
  alg: z.literal("RS256"),
  kid: z.string().regex(/^[A-Za-z0-9_-]{1,128}$/),
  typ: z.literal(["JWT", "at+jwt"]).optional(),
  jku: z.never().optional(),
  jwk: z.never().optional(),
  x5u: z.never().optional(),
  x5c: z.never().optional(),
  cty: z.never().optional(),
  crit: z.never().optional(),
  zip: z.never().optional(),
});

const Version = z.object({ ver: z.literal(["1.0", "2.0"]) });

const Claims = z.object({
  iss: z.string(),
  aud: z.string(),
  tid: z.guid().toLowerCase(),
  oid: z.guid().toLowerCase(),
  exp: z.int(),
  nbf: z.int().optional(),
  scp: z.string().min(1).optional(),
  roles: z.array(z.string()).min(1).optional(),
  idtyp: z.enum(["app", "user"]).optional(),
  name: z.string().max(512).optional(),
  app_displayname: z.string().max(512).optional(),
});
type Claims = z.infer<typeof Claims>;

/**
 * Who an access token of the directory speaks for, and until when it may be believed (seconds since the epoch). Rules are those that
 * Microsoft gives for validating tokens: signature by a key of the tenant's metadata of the token's own version, exact issuer and
 * audience, tenant, times; a delegated token by `scp`, an application's own by `roles` and `idtyp`.
 * @throws {errors.JOSEError} for a token that is not to be believed, whatever is wrong with it; {@link SigningKeys.find}'s.
 */
export async function verifyAccessToken(
  token: string,
  header: unknown,
  rules: AccessTokenRules,
  keys: Readonly<Record<TokenVersion, SigningKeys>>,
  now: Date,
): Promise<{ principal: DirectoryPrincipal; expiresAt: number }> {
  const { kid } = parsed(Header, header, "header");
  const { ver } = parsed(Version, decodeJwt(token), "version");
  const { key, issuer } = await keys[ver].find(kid);
  const { payload } = await jwtVerify(token, key, {
    algorithms: ["RS256"],
    issuer,
    audience: [...rules.audiences[ver]],
    requiredClaims: ["exp"],
    currentDate: now,
    clockTolerance: rules.leewaySeconds,
  });
  const claims = parsed(Claims, payload, "claims");
  if (claims.tid !== rules.tenantId) throw new errors.JWTClaimValidationFailed("another tenant", payload, "tid");
  return { principal: principalOf(claims, rules), expiresAt: claims.exp + rules.leewaySeconds };
}

function principalOf(claims: Claims, rules: AccessTokenRules): DirectoryPrincipal {
  const kind = kindOf(claims, rules.scopes);
  const name = claims.name ?? claims.app_displayname;
  return {
    kind,
    objectId: claims.oid,
    tenantId: claims.tid,
    ...(name !== undefined && { name }),
    roles: ROLES.filter((role) => claims.roles?.includes(role)),
  };
}

/** A token is one or the other: with `scp` a user's through an application, with `roles` and `idtyp` an application's own. */
function kindOf({ scp, roles, idtyp }: Claims, scopes: readonly string[]): "user" | "app" {
  if (scp !== undefined && idtyp !== "app" && scp.split(" ").some((scope) => scopes.includes(scope))) return "user";
  if (scp === undefined && idtyp === "app" && roles !== undefined) return "app";
  throw new errors.JWTInvalid("neither a delegated token with a scope of this API nor an application's own");
}

function parsed<T>(schema: z.ZodType<T>, value: unknown, part: string): T {
  const result = schema.safeParse(value);
  if (!result.success) throw new errors.JWTInvalid(`the token's ${part} is not that of an access token`, { cause: result.error });
  return result.data;
}
