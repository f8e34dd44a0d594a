import { setTimeout as delay } from "node:timers/promises";
import type { z } from "zod";
import { ProblemDetails } from "../shared/api/problem-details.ts";
import type { Route } from "../shared/api/route.ts";
import { ApiProblem } from "./api-problem.ts";
import { UserError } from "./user-error.ts";

type Part<R, K extends string> = R extends { readonly [P in K]: infer S extends z.ZodType } ? { [P in K]: z.input<S> } : unknown;
type Query<R> = R extends { readonly query: infer S extends z.ZodObject } ? { query?: z.input<S> } : unknown;
type Headers_<R> = R extends { readonly headers: infer S extends z.ZodObject } ? { headers?: z.input<S> } : unknown;
type Body<R> = R extends { readonly body: "bytes" } ? { body: Uint8Array } : Part<R, "body">;

/** What a route takes, by the route's own schemas. */
export type Request<R extends Route> = Part<R, "params"> & Query<R> & Headers_<R> & Body<R>;

type Content<S> = S extends z.ZodType ? z.output<S> : S extends "bytes" ? Uint8Array : undefined;

/** What a route answers; `status` tells its replies apart. */
export type Reply<R extends Route> = {
  [S in keyof R["replies"] & number]: { status: S; headers: Headers; body: Content<R["replies"][S]> };
}[keyof R["replies"] & number];

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Bound on one try, in seconds; 30 unless told. A long poll adds what it waits. */
  readonly timeoutSeconds?: number;
  /** Whether sending again is harmless although the verb does not say so. */
  readonly idempotent?: boolean;
}

export interface ClientOptions {
  /** Where the API answers, e.g. `http://127.0.0.1:7071`. */
  readonly url: string;
  /** Bearer token, or what gives the newest one: it is asked again when the server refuses the last. */
  readonly token: string | (() => string);
  /** Tries of a call that may be repeated; 3 unless told. A server that is busy (429) counts for none. */
  readonly tries?: number;
}

/** How long a call that may be repeated comes back to a server that is busy, in milliseconds. */
const BUSY_PATIENCE_MS = 120_000;

/** Of a text that is no problem details so much is shown. */
const TOLD_CHARACTERS = 500;

interface AnyRequest {
  readonly params?: Record<string, unknown>;
  readonly query?: Record<string, unknown>;
  readonly headers?: Record<string, unknown>;
  readonly body?: unknown;
}

/** A typed client over the routes of shared/api. Connections are kept alive by fetch's own pool. */
export class ApiClient {
  readonly url: string;
  private readonly token: () => string;
  private readonly tries: number;

  constructor({ url, token, tries = 3 }: ClientOptions) {
    this.url = url.replace(/\/+$/, "");
    this.token = typeof token === "string" ? () => token : token;
    this.tries = tries;
  }

  /**
   * Calls a route and reads its answer by the route's schema.
   * @throws {ApiProblem} the server refused.
   * @throws {UserError} `unreachable`: no answer, also not to the repeated tries that a harmless call gets.
   */
  async call<R extends Route>(route: R, request: Request<R>, options: CallOptions = {}): Promise<Reply<R>> {
    const response = await this.open(route, request, options);
    const schema = route.replies[response.status];
    const body = schema === undefined ? await drain(response) : await this.read(response, schema);
    return { status: response.status, headers: response.headers, body } as Reply<R>;
  }

  /** Like {@link call}, with the answer's body still to be read: for files too large for memory. */
  async open<R extends Route>(route: R, request: Request<R>, options: CallOptions = {}): Promise<Response> {
    const wire = toWire(this.url, route, request as AnyRequest);
    const repeatable = options.idempotent ?? (route.method === "GET" || route.method === "PUT" || "idempotency-key" in wire.headers);
    const giveUpAt = performance.now() + BUSY_PATIENCE_MS;
    let token = this.token();
    let failures = 0;
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.attempt(wire, token, options);
      const renewed = outcome instanceof Response && outcome.status === 401 ? this.token() : token;
      if (!isBusy(outcome)) failures++;
      const isWorthIt = isBusy(outcome) ? performance.now() < giveUpAt : failures < this.tries && isPassing(outcome);
      const again = repeatable && isWorthIt;
      if (!again && renewed === token) return this.settle(wire, route, outcome);
      if (again) await delay(pauseMs(outcome, attempt), undefined, options.signal ? { signal: options.signal } : {});
      token = renewed;
      if (outcome instanceof Response) await outcome.body?.cancel();
    }
  }

  private async attempt(wire: Wire, token: string, options: CallOptions): Promise<Response | Error> {
    const bound = AbortSignal.timeout(((options.timeoutSeconds ?? 30) + wire.waitSeconds) * 1000);
    const signal = options.signal ? AbortSignal.any([options.signal, bound]) : bound;
    try {
      const headers = { ...wire.headers, authorization: `Bearer ${token}` };
      return await fetch(wire.url, { method: wire.method, headers, body: wire.body, signal, redirect: "error" });
    } catch (error) {
      options.signal?.throwIfAborted();
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  private async settle(wire: Wire, route: Route, outcome: Response | Error): Promise<Response> {
    if (outcome instanceof Error) throw this.unreachable(outcome);
    if (outcome.status in route.replies) return outcome;
    throw await problemOf(wire, outcome);
  }

  private unreachable(cause: Error): UserError {
    const reason = cause.name === "TimeoutError" ? "it did not answer in time" : reasonOf(cause);
    return new UserError("unreachable", `The workspace at ${this.url} cannot be reached: ${reason}`, {
      remedy: "start it with `npm start`, or name another with --url or --state",
      cause,
    });
  }

  private async read(response: Response, schema: z.ZodType | "bytes"): Promise<unknown> {
    try {
      if (schema === "bytes") return new Uint8Array(await response.arrayBuffer());
      return schema.parse(await response.json());
    } catch (cause) {
      if (cause instanceof Error && cause.name === "AbortError") throw cause;
      if (cause instanceof TypeError) throw this.unreachable(cause);
      throw new UserError("unreachable", `${response.url} gave an answer that this version does not understand`, {
        remedy: "use the penstock of the same version as the workspace (`penstock status` shows it)",
        cause,
      });
    }
  }
}

interface Wire {
  readonly method: string;
  readonly url: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array<ArrayBuffer> | null;
  readonly waitSeconds: number;
}

function toWire(base: string, route: Route, request: AnyRequest): Wire {
  const filled = route.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(request.params?.[name])));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(request.query ?? {})) if (value !== undefined) query.set(name, String(value));
  const path = query.size === 0 ? `/${filled}` : `/${filled}?${query}`;
  const headers: Record<string, string> = { accept: "application/json, application/problem+json, */*" };
  for (const [name, value] of Object.entries(request.headers ?? {})) if (value !== undefined) headers[name] = String(value);
  if (route.body !== undefined) headers["content-type"] = route.body === "bytes" ? "application/octet-stream" : "application/json";
  const body =
    route.body === undefined ? null : route.body === "bytes" ? (request.body as Uint8Array<ArrayBuffer>) : JSON.stringify(request.body);
  return { method: route.method, url: `${base}${path}`, path, headers, body, waitSeconds: Number(request.query?.["waitSeconds"] ?? 0) };
}

/** The server has more to do than it takes on, and has done nothing. */
function isBusy(outcome: Response | Error): boolean {
  return outcome instanceof Response && outcome.status === 429;
}

/** Whether the same request may well succeed a moment later. */
function isPassing(outcome: Response | Error): boolean {
  return outcome instanceof Error ? outcome.name !== "TimeoutError" : [502, 503, 504].includes(outcome.status);
}

/** Doubling from 100 ms, or what the server asks for (10 s at most) and up to half of it more: those who were refused together do not come back together. */
function pauseMs(outcome: Response | Error, attempt: number): number {
  const asked = outcome instanceof Error ? Number.NaN : Number(outcome.headers.get("retry-after") ?? Number.NaN);
  const pause = Number.isFinite(asked) ? Math.min(asked, 10) * 1000 : Math.min(100 * 2 ** (attempt - 1), 10_000);
  return pause * (1 + Math.random() / 2);
}

async function problemOf(wire: Wire, response: Response): Promise<ApiProblem> {
  const text = await response.text().catch(() => "");
  const request = `${wire.method} ${wire.path}`;
  const known = ProblemDetails.safeParse(parseJson(text));
  if (known.success) return new ApiProblem(request, known.data);
  const title = `The workspace answered ${response.status} ${response.statusText}`.trimEnd();
  const told = plainText(response, text);
  return new ApiProblem(request, {
    type: "about:blank",
    title: told === undefined ? `${title} to ${request}` : title,
    status: response.status,
    ...(told !== undefined && { detail: told }),
  });
}

/** What the host itself says of a refusal; a page of something in between is no such text. */
function plainText(response: Response, text: string): string | undefined {
  const isPlain = response.headers.get("content-type")?.startsWith("text/plain") ?? false;
  return isPlain && text.trim() !== "" ? text.trim().slice(0, TOLD_CHARACTERS) : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** fetch hides the reason one `cause` down. */
function reasonOf(error: Error): string {
  const cause = error.cause;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
  if (code === "ECONNREFUSED") return "nothing listens there";
  return cause instanceof Error ? cause.message || (code ?? error.message) : error.message;
}

async function drain(response: Response): Promise<undefined> {
  await response.body?.cancel();
  return undefined;
}
