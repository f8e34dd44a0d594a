import type { Durable, HostRequest, HostResponse } from "../contract.ts";
import { clientBinding } from "./client-urls.ts";
import { Engine } from "./engine.ts";
import { thrown } from "./failure.ts";
import { ManagementApi } from "./management-api.ts";
import type { DurableParts } from "./options.ts";

/** How long is waited before the storage is tried again after a failure: doubling from the first to the second, in milliseconds. */
const WAITS_MS = [1_000, 15_000] as const;
/** An engine that has worked for so long begins with the shortest wait when it fails. */
const SOUND_MS = 60_000;
/** How long activities of an engine that failed are waited for before they are started again, in milliseconds. */
const PATIENCE_MS = 60_000;

/**
 * The durable half of the host over its parts. It does nothing before `start`.
 *
 * When the storage fails (a full disk, say), the engine is dropped as in a crash, with all that was not stored and so not acknowledged; until
 * the storage takes writes again, everything that would change something is refused, and then another engine goes on from what is stored.
 * @throws {Error} the app has an entity, which this host does not offer.
 */
export function createDurable(parts: DurableParts): Durable {
  return new LastingDurable(parts);
}

class LastingDurable implements Durable {
  private engine: Engine;
  private api: ManagementApi;
  private waitMs: number = WAITS_MS[0];
  private soundSince = 0;
  private isStopping = false;
  /** How often something was lost or refused since the state could not be written. */
  private losses = 0;
  private lastFailure: unknown;
  private cancelWait: () => void = () => {};

  constructor(private readonly parts: DurableParts) {
    this.engine = this.newEngine();
    this.api = new ManagementApi(this.engine);
  }

  clientBinding(origin: string): string {
    const { hubName, systemKey, rpcBaseUrl } = this.parts.options;
    return clientBinding({ origin, hubName, systemKey, rpcBaseUrl });
  }

  async handle(request: HostRequest): Promise<HostResponse> {
    const response = await this.api.handle(request);
    if (response.status === 503) this.losses++;
    return response;
  }

  async start(): Promise<void> {
    this.engine.start();
  }

  async stop(graceMs = 0): Promise<void> {
    this.isStopping = true;
    this.cancelWait();
    await this.engine.stop(graceMs);
  }

  durable(): Promise<void> {
    return this.engine.commits.durable();
  }

  since(): () => Promise<void> {
    const before = this.losses;
    return () => {
      if (this.losses !== before) return Promise.reject(this.lastFailure);
      return this.engine.commits.isBroken ? Promise.resolve() : this.durable();
    };
  }

  committed(): Promise<void> {
    return this.engine.commits.committed();
  }

  private newEngine(): Engine {
    const engine = new Engine(this.parts);
    engine.onFailure = (error) => {
      this.losses++;
      this.lastFailure = error;
      if (engine === this.engine) void this.replace(engine, error);
    };
    return engine;
  }

  /** Waits until the failed engine is quiet and the storage takes writes, then goes on with another. */
  private async replace(failed: Engine, error: unknown): Promise<void> {
    const { clock, log } = this.parts;
    this.say(error);
    if (this.isStopping) return;
    if (clock.now() - this.soundSince > SOUND_MS) this.waitMs = WAITS_MS[0];
    await failed.quiet(PATIENCE_MS);
    for (;;) {
      await new Promise<void>((resolve) => {
        this.cancelWait = clock.setTimer(clock.now() + this.waitMs, resolve);
      });
      if (this.isStopping) return;
      this.waitMs = Math.min(2 * this.waitMs, WAITS_MS[1]);
      if (this.goOn()) break;
    }
    log("warning", "The durable state can be written again; the host goes on from what is stored.");
  }

  private goOn(): boolean {
    const engine = this.newEngine();
    try {
      this.parts.storage.mend();
      engine.start();
      this.engine = engine;
      this.api = new ManagementApi(engine);
      this.soundSince = this.parts.clock.now();
      return true;
    } catch (error) {
      engine.isClosed = true;
      void engine.quiet(0);
      this.parts.log("debug", `The durable state still cannot be written: ${thrown(error).message}`);
      return false;
    }
  }

  private say(error: unknown): void {
    this.parts.log(
      "error",
      `The durable state cannot be written: ${thrown(error).message}. Nothing is accepted until it can; free the disk or mend it, it is tried again every ${WAITS_MS[1] / 1000} s.`,
    );
  }
}
