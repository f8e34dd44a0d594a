import type { PipelinePolicy } from "@azure/core-rest-pipeline";
import type { AccessToken, TokenCredential } from "@azure/identity";
import type { Clock } from "../../ports/clock.ts";
import { ComputeError } from "../../ports/compute-backend.ts";

/** A token is renewed this long before it expires. */
const EARLY_MS = 120_000;
/** However many calls are refused, the credential is asked for another token at most once in this time; nor is a late renewal tried more often. */
const REFRESH_GAP_MS = 30_000;

/**
 * Authorizes requests with a token of the credential, and once more with a new one when the service answers 401. The library's own
 * policy refuses plain http, which a service on this machine speaks; where http is allowed is decided before a request is made.
 */
export function tokenPolicy(credential: TokenCredential, scope: string, clock: Pick<Clock, "now">): PipelinePolicy {
  const tokens = new Tokens(credential, scope, clock);
  return {
    name: "tokenPolicy",
    async sendRequest(request, next) {
      const token = await tokens.get();
      request.headers.set("Authorization", `Bearer ${token}`);
      const response = await next(request);
      if (response.status !== 401) return response;
      const another = await tokens.insteadOf(token);
      request.headers.set("Authorization", `Bearer ${another}`);
      return await next(request);
    },
  };
}

class Tokens {
  private held: AccessToken | undefined;
  private askedAt = Number.NEGATIVE_INFINITY;
  private refusedAt = Number.NEGATIVE_INFINITY;
  private asking: Promise<AccessToken> | undefined;
  private readonly credential: TokenCredential;
  private readonly scope: string;
  private readonly clock: Pick<Clock, "now">;

  constructor(credential: TokenCredential, scope: string, clock: Pick<Clock, "now">) {
    this.credential = credential;
    this.scope = scope;
    this.clock = clock;
  }

  async get(): Promise<string> {
    const now = this.clock.now();
    if (!this.held) return (await this.ask()).token;
    if (this.held.expiresOnTimestamp - now > EARLY_MS || now - this.askedAt < REFRESH_GAP_MS) return this.held.token;
    const held = this.held;
    return (await this.ask().catch((error) => (held.expiresOnTimestamp > now ? held : Promise.reject(error)))).token;
  }

  /** Another token than the one that was refused. @throws {ComputeError} `AuthFailed` when none is to be had yet. */
  async insteadOf(refused: string): Promise<string> {
    if (this.held && this.held.token !== refused) return this.held.token;
    const wait = this.refusedAt + REFRESH_GAP_MS - this.clock.now();
    if (!this.asking && wait > 0) {
      const message = "Azure ML does not take the token that it was sent, and it was renewed a moment ago";
      throw new ComputeError("AuthFailed", message, { retryable: true, retryAfterSeconds: Math.ceil(wait / 1000) });
    }
    if (!this.asking) this.refusedAt = this.clock.now();
    return (await this.ask()).token;
  }

  private ask(): Promise<AccessToken> {
    this.asking ??= this.fetch().finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  private async fetch(): Promise<AccessToken> {
    this.askedAt = this.clock.now();
    const token = await this.credential.getToken(this.scope).catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ComputeError("CredentialUnavailable", `no token for ${this.scope} could be had: ${why}`, { retryable: true, cause });
    });
    if (!token) throw new ComputeError("CredentialUnavailable", `the credential has no token for ${this.scope}`, { retryable: true });
    this.held = token;
    return token;
  }
}
