import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { AuthLevel } from "./route-table.ts";

/** The keys of a host, all made from its master key, so that nothing else has to be kept. */
export class Keys {
  readonly master: string;

  constructor(master: string) {
    this.master = master;
  }

  /** Opens every function of level `function`. */
  get host(): string {
    return this.#derive("host");
  }

  /** Opens one function of level `function`. */
  function(name: string): string {
    return this.#derive(`function:${name.toLowerCase()}`);
  }

  /** Opens the webhook of one extension, as `durabletask` or `eventgrid`. */
  system(extension: string): string {
    return this.#derive(`system:${extension.toLowerCase()}`);
  }

  /** The key that a request brings: the header first, and only without one the query. */
  static of(headers: IncomingHttpHeaders, query: URLSearchParams | undefined): string | undefined {
    const header = headers["x-functions-key"];
    return typeof header === "string" ? header : (query?.get("code") ?? undefined);
  }

  isMaster(key: string | undefined): boolean {
    return same(key, this.master);
  }

  /** Whether the key opens a function of this level. */
  opens(level: AuthLevel, functionName: string, key: string | undefined): boolean {
    if (level === "anonymous") return true;
    if (this.isMaster(key)) return true;
    return level === "function" && (same(key, this.function(functionName)) || same(key, this.host));
  }

  opensWebhook(extension: string, key: string | undefined): boolean {
    return this.isMaster(key) || same(key, this.system(extension));
  }

  #derive(purpose: string): string {
    return createHmac("sha256", this.master).update(purpose).digest("base64url");
  }
}

/** In constant time: both sides are hashed to one length first. */
function same(given: string | undefined, wanted: string): boolean {
  if (given === undefined || wanted === "") return false;
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(given), hash(wanted));
}
