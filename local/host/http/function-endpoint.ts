import type { IncomingMessage, ServerResponse } from "node:http";
import type { HostLog, InvocationResult, RegisteredFunction, TypedData, Worker } from "../contract.ts";
import { Keys } from "./keys.ts";
import { notDurable } from "./not-durable.ts";
import { BodyAbortedError, BodyTooLargeError, readBody } from "./read-body.ts";
import { respond, respondRpc } from "./respond.ts";
import type { RouteMatch } from "./route-table.ts";
import { fromRpcHttp, toRpcHttp } from "./rpc-http.ts";
import { Throttle } from "./throttle.ts";

export interface FunctionEndpointOptions {
  worker: Worker;
  keys: Keys;
  /** False treats every caller as authorised, as Core Tools does. */
  enforceKeys: boolean;
  isDisabled: (functionName: string) => boolean;
  bodyLimitBytes: number;
  maxConcurrentRequests?: number | undefined;
  maxOutstandingRequests?: number | undefined;
  /** Resolves when what the function did is on disk. */
  durable: () => Promise<void>;
  log: HostLog;
}

const READS = new Set(["GET", "HEAD", "OPTIONS"]);

/** Answers a request that fits the route of a function, in the real host's order: key, disabled, load, body, handler. */
export class FunctionEndpoint {
  readonly #options: FunctionEndpointOptions;
  readonly #throttle: Throttle;

  constructor(options: FunctionEndpointOptions) {
    this.#options = options;
    this.#throttle = new Throttle(options);
  }

  async handle(request: IncomingMessage, response: ServerResponse, match: RouteMatch, query: URLSearchParams | undefined): Promise<void> {
    const refusal = this.#refuse(request, match, query);
    if (refusal !== undefined) return respond(request, response, { status: refusal });
    try {
      const body = await readBody(request, this.#options.bodyLimitBytes);
      const result = await this.#throttle.run(() => this.#invoke(request, match, query, body));
      await this.#answer(request, response, match.route.function, result);
    } catch (error) {
      this.#fail(request, response, match.route.function, error);
    }
  }

  #refuse(request: IncomingMessage, { route }: RouteMatch, query: URLSearchParams | undefined): number | undefined {
    const { keys, enforceKeys, isDisabled } = this.#options;
    const name = route.function.name;
    if (enforceKeys && !keys.opens(route.authLevel, name, Keys.of(request.headers, query))) return 401;
    if (isDisabled(name) && !keys.isMaster(Keys.of(request.headers, query))) return 404;
    return this.#throttle.full ? 429 : undefined;
  }

  #invoke(
    request: IncomingMessage,
    { route, values }: RouteMatch,
    query: URLSearchParams | undefined,
    body: Uint8Array,
  ): Promise<InvocationResult> {
    const url = `http://${request.headers.host}${request.url}`;
    const { name, trigger } = route.function;
    return this.#options.worker.invoke({ functionName: name, inputs: { [trigger.name]: toRpcHttp(request, url, query, values, body) } });
  }

  /** What a writing request changed is on disk before its caller hears of it. */
  async #answer(request: IncomingMessage, response: ServerResponse, f: RegisteredFunction, result: InvocationResult): Promise<void> {
    const rpc = fromRpcHttp(httpOutput(f, result));
    const status = Number(rpc?.statusCode ?? 204);
    if (status < 400 && !READS.has(request.method ?? "")) {
      try {
        await this.#options.durable();
      } catch (error) {
        this.#options.log("error", `What function "${f.name}" did is not on disk: ${describe(error)}`, { functionName: f.name });
        return respond(request, response, notDurable(error));
      }
    }
    if (response.headersSent) return;
    if (rpc) respondRpc(request, response, rpc);
    else respond(request, response, { status: 204 });
  }

  #fail(request: IncomingMessage, response: ServerResponse, f: RegisteredFunction, error: unknown): void {
    if (error instanceof BodyAbortedError) return;
    if (error instanceof BodyTooLargeError) {
      const limit = this.#options.bodyLimitBytes;
      respond(request, response, {
        status: 413,
        body: `The body is larger than the ${limit} bytes that this host accepts (FUNCTIONS_REQUEST_BODY_SIZE_LIMIT).\n`,
      });
      return;
    }
    this.#options.log("error", `Function "${f.name}" failed: ${describe(error)}`, { functionName: f.name });
    respond(request, response, { status: 500 });
  }
}

function httpOutput(f: RegisteredFunction, result: InvocationResult): TypedData | undefined {
  if (f.bindings["$return"]) return result.returnValue;
  const named = Object.entries(f.bindings).find(([, binding]) => binding.type.toLowerCase() === "http" && binding.direction === "out");
  return named ? result.outputs[named[0]] : undefined;
}

/** The stack of an error; what else was thrown, as text. */
export function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
