import { errors, importJWK } from "jose";
import { ProblemError } from "../../domain/problems.ts";
import type { Clock } from "../../ports/clock.ts";
import type { IssuerMetadata, TokenVersion } from "./issuer-metadata.ts";

const HOLD_MS = 24 * 3_600_000;
/** How long an unknown key id, or a failed renewal, keeps the issuer from being asked again. */
const COOLDOWN_MS = 30_000;
/** The same while there are no keys at all: then every caller is turned away. */
const FIRST_COOLDOWN_MS = 1_000;

type Key = Awaited<ReturnType<typeof importJWK>>;
interface Held {
  readonly issuer: string;
  readonly readAt: number;
  readonly keys: ReadonlyMap<string, Key>;
}

/**
 * The signing keys of one token version: held for a day, read again at most once in 30 s for a key id that is not known, and kept
 * when the issuer cannot be reached.
 */
export class SigningKeys {
  private held: Held | undefined;
  private askedAt = Number.NEGATIVE_INFINITY;
  private asking: Promise<void> | undefined;
  private readonly version: TokenVersion;
  private readonly read: () => Promise<IssuerMetadata>;
  private readonly clock: Pick<Clock, "now">;
  private readonly warn: (message: string, error: unknown) => void;

  constructor(
    version: TokenVersion,
    read: () => Promise<IssuerMetadata>,
    clock: Pick<Clock, "now">,
    warn: (message: string, error: unknown) => void,
  ) {
    this.version = version;
    this.read = read;
    this.clock = clock;
    this.warn = warn;
  }

  /**
   * The key with this id, and the issuer whose it is.
   * @throws {ProblemError} `unavailable` when no keys were ever had; {@link errors.JWKSNoMatchingKey} when the issuer has no such key.
   */
  async find(kid: string): Promise<{ key: Key; issuer: string }> {
    if (!this.held?.keys.has(kid) || this.clock.now() - this.held.readAt > HOLD_MS) await this.renew();
    if (!this.held) throw new ProblemError({ kind: "unavailable", what: "the identity provider", retryAfterSeconds: 5 });
    const key = this.held.keys.get(kid);
    if (!key) throw new errors.JWKSNoMatchingKey();
    return { key, issuer: this.held.issuer };
  }

  private async renew(): Promise<void> {
    if (!this.asking) {
      const gap = this.held ? COOLDOWN_MS : FIRST_COOLDOWN_MS;
      if (this.clock.now() - this.askedAt < gap) return;
      this.askedAt = this.clock.now();
      this.asking = this.ask().finally(() => {
        this.asking = undefined;
      });
    }
    await this.asking;
  }

  private async ask(): Promise<void> {
    try {
      const { issuer, keys } = await this.read();
      const imported = [...keys].map(async ([kid, jwk]) => [kid, await importJWK(jwk, "RS256")] as const);
      this.held = { issuer, readAt: this.clock.now(), keys: new Map(await Promise.all(imported)) };
    } catch (error) {
      this.warn(`the signing keys for tokens of version ${this.version} could not be read`, error);
    }
  }
}
