import {
  createDefaultHttpClient,
  createEmptyPipeline,
  createHttpHeaders,
  createPipelineRequest,
  type HttpClient,
  type HttpMethods,
  type Pipeline,
  type RetryStrategy,
  retryPolicy,
  setClientRequestIdPolicy,
} from "@azure/core-rest-pipeline";
import type { TokenCredential } from "@azure/identity";
import type { Clock } from "../../ports/clock.ts";
import { ComputeError } from "../../ports/compute-backend.ts";
import { connectTimeoutAgents } from "./connect-timeout-agent.ts";
import { type Deadlines, readBodyPolicy } from "./read-body-policy.ts";
import { refusalOf, transportError } from "./service-error.ts";
import { tokenPolicy } from "./token-policy.ts";

export interface ServiceClientOptions {
  readonly credential: TokenCredential;
  /** What tokens are for, e.g. `https://management.azure.com/`. */
  readonly audience: string;
  readonly clock: Pick<Clock, "now">;
  readonly httpClient?: HttpClient | undefined;
  readonly deadlines?: Deadlines | undefined;
}

export interface ServiceRequest {
  readonly method: HttpMethods;
  readonly url: URL;
  /** JSON text. */
  readonly body?: string;
  /** For people: what is asked, as in "would not …". */
  readonly what: string;
  readonly signal: AbortSignal;
  /** False: no token goes along. */
  readonly authorized?: boolean;
}

/**
 * Asks the service and parses what it answers. Everything asked through it may be asked twice (a PUT of the same body, a GET, a
 * cancel), and a failure that is over in a moment is tried again here; longer ones are the caller's, whose waits are durable.
 * Redirects are not followed, so a token reaches no host but the one that was asked.
 */
export class ServiceClient {
  private readonly plain: Pipeline;
  private readonly authorized: Pipeline;
  private readonly httpClient: HttpClient;
  private readonly agents = connectTimeoutAgents();
  private readonly clock: Pick<Clock, "now">;

  constructor({ credential, audience, clock, httpClient, deadlines }: ServiceClientOptions) {
    this.clock = clock;
    this.httpClient = httpClient ?? createDefaultHttpClient();
    const scope = `${audience.replace(/\/+$/, "")}/.default`;
    this.plain = createEmptyPipeline();
    this.plain.addPolicy(setClientRequestIdPolicy("x-ms-client-request-id"));
    this.plain.addPolicy(retryPolicy([briefFailures], { maxRetries: 2 }));
    this.authorized = this.plain.clone();
    this.authorized.addPolicy(tokenPolicy(credential, scope, clock));
    for (const pipeline of [this.plain, this.authorized]) pipeline.addPolicy(readBodyPolicy(deadlines));
  }

  /**
   * The answer's JSON; undefined when it has no body.
   * @throws {ServiceRefusal} for any status but 2xx; {@link ComputeError} when the service was not reached or answered with no JSON.
   */
  async send({ method, url, body, what, signal, authorized = true }: ServiceRequest): Promise<unknown> {
    const insecure = isLoopback(url);
    if (url.protocol !== "https:" && !insecure)
      throw new ComputeError("InsecureUrl", `Azure ML was not asked to ${what}: ${url.origin} is not https`, { retryable: false });
    const request = createPipelineRequest({
      url: url.href,
      method,
      headers: createHttpHeaders({ accept: "application/json", ...(body !== undefined && { "content-type": "application/json" }) }),
      ...(body !== undefined && { body }),
      abortSignal: signal,
      allowInsecureConnection: insecure,
      agent: url.protocol === "https:" ? this.agents.https : this.agents.http,
    });
    const pipeline = authorized ? this.authorized : this.plain;
    const response = await pipeline.sendRequest(this.httpClient, request).catch((error: unknown) => {
      throw transportError(error, what);
    });
    if (response.status < 200 || response.status > 299) throw refusalOf(response, what, this.clock.now());
    return parseBody(response.bodyAsText, what);
  }

  close(): void {
    this.agents.http.destroy();
    this.agents.https.destroy();
  }
}

export function isLoopback(url: URL): boolean {
  return ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
}

function parseBody(text: string | null | undefined, what: string): unknown {
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ComputeError("BadAnswer", `Azure ML answered with something other than JSON when asked to ${what}`, {
      retryable: true,
      cause,
    });
  }
}

const BRIEF_STATUSES = [408, 500, 502, 503, 504];
const BRIEF_CODES = ["ECONNREFUSED", "ECONNRESET", "EPIPE", "ENOTFOUND", "EAI_AGAIN"];

/** Tries twice more, after about 0.1 and 0.2 s, what a busy network or a connection closed under us makes fail; a wait the service asks for is not ours. */
const briefFailures: RetryStrategy = {
  name: "briefFailures",
  retry({ retryCount, response, responseError }) {
    const brief = responseError
      ? BRIEF_CODES.includes(responseError.code ?? "")
      : response !== undefined && BRIEF_STATUSES.includes(response.status) && !response.headers.has("retry-after");
    return brief ? { retryAfterInMs: 100 * 2 ** retryCount * (0.5 + Math.random()) } : { skipStrategy: true };
  },
};
