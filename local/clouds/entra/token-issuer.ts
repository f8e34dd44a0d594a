import { randomBytes } from "node:crypto";
import { decodeJwt, jwtVerify, SignJWT } from "jose";
import type { Application, EntraOptions } from "./options.ts";
import type { SigningKeys } from "./signing-keys.ts";

export interface IssuedToken {
  readonly token: string;
  readonly resource: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  readonly expiresIn: number;
}

/** Makes access tokens as Entra does for an application as itself, and verifies those it made for other services. */
export class TokenIssuer {
  private readonly options: EntraOptions;
  private readonly keys: SigningKeys;
  /** Where this issuer is reached, without a slash at its end. */
  private readonly baseUrl: () => string;
  private readonly now: () => number;

  constructor(options: EntraOptions, keys: SigningKeys, baseUrl: () => string, now: () => number) {
    this.options = options;
    this.keys = keys;
    this.baseUrl = baseUrl;
    this.now = now;
  }

  issuerOf(version: "1.0" | "2.0"): string {
    const tenant = `${this.baseUrl()}/${this.options.tenantId}`;
    return version === "2.0" ? `${tenant}/v2.0` : `${tenant}/`;
  }

  /** An app token for a resource, which is the API by any of its names or else a service by the audience it wants. */
  async issue(application: Application, resource: string): Promise<IssuedToken> {
    const { api, tenantId, tokenSeconds } = this.options;
    const isApi = [api.clientId, `api://${api.clientId}`, ...api.appIdUris].includes(resource);
    const version = isApi ? "2.0" : "1.0";
    const [key] = this.keys.all;
    const issuedAt = Math.floor(this.now() / 1000);
    const expiresAt = issuedAt + tokenSeconds;
    const claims = {
      ...(isApi ? { azp: application.clientId, azpacr: "1" } : { appid: application.clientId, appidacr: "1" }),
      app_displayname: application.displayName,
      idtyp: "app",
      oid: application.objectId,
      ...(isApi && application.roles.length > 0 && { roles: application.roles }),
      tid: tenantId,
      uti: randomBytes(16).toString("base64url"),
      ver: version,
    };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: key.kid })
      .setIssuer(this.issuerOf(version))
      .setAudience(isApi ? api.clientId : resource)
      .setSubject(application.objectId)
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(key.privateKey);
    return { token, resource, expiresAt, expiresIn: tokenSeconds };
  }

  /**
   * Until when a token of version 1.0 is good (seconds since the epoch).
   * @throws {Error} that says why a token is not one that this issuer made for one of these audiences.
   */
  async verify(token: string, audiences: readonly string[]): Promise<number> {
    const { payload } = await jwtVerify(token, ({ kid }) => this.publicKey(kid), {
      algorithms: ["RS256"],
      issuer: this.issuerOf("1.0"),
      audience: [...audiences],
      requiredClaims: ["exp", "oid"],
      // What is signed here was issued already, even where the clock has been put back since.
      currentDate: new Date(Math.max(this.now(), notBefore(token))),
    });
    return payload.exp ?? 0;
  }

  private publicKey(kid: string | undefined) {
    const key = this.keys.all.find((one) => one.kid === kid);
    if (!key) throw new Error("it is signed by a key that is not known");
    return key.publicKey;
  }
}

/** Milliseconds since the epoch. @throws {Error} it is no token. */
function notBefore(token: string): number {
  return (decodeJwt(token).nbf ?? 0) * 1000;
}
