import type { IncomingMessage, ServerResponse } from "node:http";
import type { HostLog, InvocationResult, RegisteredFunction, TypedData, Worker } from "../contract.ts";
import { Keys } from "./keys.ts";
import { notDurable } from "./not-durable.ts";
import { announcedLength, BodyAbortedError, BodyTooLargeError, readBody } from "./read-body.ts";
import { respond, respondRpc } from "./respond.ts";
import { Room } from "./room.ts";
import type { RouteMatch } from "./route-table.ts";
import { fromRpcHttp, toRpcHttp } from "./rpc-http.ts";
import { UntakenAnswers } from "./untaken-answers.ts";

export interface FunctionEndpointOptions {
  worker: Worker;
  keys: Keys;
  /** False treats every caller as authorised, as Core Tools does. */
  enforceKeys: boolean;
  isDisabled: (functionName: string) => boolean;
  bodyLimitBytes: number;
  /** Called before a function; what it gives resolves when what the function did is on disk. */
  since: () => () => Promise<void>;
  log: HostLog;
}

const READS = new Set(["GET", "HEAD", "OPTIONS"]);
/** Bytes of larger bodies that are in memory at a time; the others stay in their connections until there is room. */
const BODIES_BYTES = 256 * 1024 * 1024;
/** Up to here a body waits for no room: a large upload must not hold up a small question. */
const SMALL_BODY_BYTES = 64 * 1024;
const UNTAKEN_BYTES = 256 * 1024 * 1024;
const UNTAKEN_RETRY_SECONDS = 2;

/** Answers a request that fits the route of a function, in the real host's order: key, disabled, body, handler. */
export class FunctionEndpoint {
  readonly #options: FunctionEndpointOptions;
  readonly #bodies = new Room(BODIES_BYTES);
  readonly #untaken = new UntakenAnswers(UNTAKEN_BYTES);

  constructor(options: FunctionEndpointOptions) {
    this.#options = options;
  }

  async handle(request: IncomingMessage, response: ServerResponse, match: RouteMatch, query: URLSearchParams | undefined): Promise<void> {
    const refusal = this.#refuse(request, match, query);
    if (refusal !== undefined) return respond(request, response, { status: refusal });
    const leave = await this.#roomFor(request);
    if (!leave) return;
    try {
      const body = await readBody(request, this.#options.bodyLimitBytes);
      const durable = this.#options.since();
      const result = await this.#invoke(request, match, query, body);
      await this.#answer(request, response, match.route.function, result, durable);
    } catch (error) {
      this.#fail(request, response, match.route.function, error);
    } finally {
      leave();
    }
  }

  /** @returns undefined when the caller has gone meanwhile. */
  async #roomFor(request: IncomingMessage): Promise<(() => void) | undefined> {
    const bytes = announcedLength(request);
    if (!(bytes > SMALL_BODY_BYTES) || bytes > this.#options.bodyLimitBytes) return () => undefined;
    const gone = new AbortController();
    const leave = () => gone.abort();
    request.once("close", leave);
    try {
      return await this.#bodies.take(bytes, gone.signal);
    } finally {
      request.off("close", leave);
    }
  }

  #refuse(request: IncomingMessage, { route }: RouteMatch, query: URLSearchParams | undefined): number | undefined {
    const { keys, enforceKeys, isDisabled } = this.#options;
    const name = route.function.name;
    if (enforceKeys && !keys.opens(route.authLevel, name, Keys.of(request.headers, query))) return 401;
    return isDisabled(name) && !keys.isMaster(Keys.of(request.headers, query)) ? 404 : undefined;
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
  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    f: RegisteredFunction,
    result: InvocationResult,
    durable: () => Promise<void>,
  ): Promise<void> {
    const rpc = fromRpcHttp(httpOutput(f, result));
    const status = Number(rpc?.statusCode ?? 204);
    if (status < 400 && !READS.has(request.method ?? "")) {
      try {
        await durable();
      } catch (error) {
        this.#options.log(
          "error",
          `What function "${f.name}" did is not on disk: ${error instanceof Error ? error.message : String(error)}`,
          { functionName: f.name },
        );
        return respond(request, response, notDurable(error));
      }
    }
    if (response.headersSent) return;
    const bytes = rpc?.body?.bytes?.length ?? 0;
    if (READS.has(request.method ?? "") && !this.#untaken.admit(response, bytes))
      return respond(request, response, {
        status: 429,
        headers: { "retry-after": String(UNTAKEN_RETRY_SECONDS) },
        body: `Answers of ${UNTAKEN_BYTES} bytes wait to be taken by those who asked for them. Try again in ${UNTAKEN_RETRY_SECONDS} s.\n`,
      });
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
