import type { HttpRequest, HttpResponseInit, InvocationContext } from "@azure/functions";
import type { z } from "zod";
import { toProblemDetails } from "../shared/api/problem-details.ts";
import { JSON_BODY_BYTES, type Route } from "../shared/api/route.ts";
import type { Services } from "../shared/composition.ts";
import { type Problem, ProblemError } from "../shared/domain/problems.ts";
import { includesRole } from "../shared/domain/roles.ts";
import type { Principal } from "../shared/ports/callers.ts";
import { StoreError } from "../shared/ports/documents.ts";
import { parseJson } from "./parse-json.ts";

type Parsed<T> = T extends z.ZodType ? z.output<T> : T extends "bytes" ? Uint8Array : undefined;

/** A request after its route's schemas have read it. */
export interface RouteRequest<R extends Route> {
  caller: Principal;
  params: Parsed<R["params"]>;
  query: Parsed<R["query"]>;
  headers: Parsed<R["headers"]>;
  body: Parsed<R["body"]>;
  /** The value of the Range header. */
  range: string | null;
}

/** What answers a route: calls one service, shapes the reply. */
export type RouteHandler<R extends Route> = (services: Services) => (request: RouteRequest<R>) => Promise<HttpResponseInit>;

/** A route with its handler, as registry.ts lists it. */
export interface BoundRoute {
  readonly route: Route;
  /** @param services of the invocation, made with its durable client. */
  readonly answer: (services: Services, request: HttpRequest, context: InvocationContext) => Promise<HttpResponseInit>;
}

/**
 * Binds a route to its handler. The wrapper checks the caller before anything is read, parses what the route declares, and turns what was
 * thrown into `application/problem+json`: a {@link ProblemError} as it is, anything else into a bare 500 and a log line.
 */
export function httpRoute<R extends Route>(route: R, handler: RouteHandler<R>): BoundRoute {
  return {
    route,
    answer: async (services, request, context) => {
      try {
        const caller = await services.verifyCaller(request.headers.get("authorization"));
        assertRole(route, caller);
        return await handler(services)({ caller, range: request.headers.get("range"), ...(await parseRequest(route, request)) });
      } catch (error) {
        return answerError(error, context);
      }
    },
  };
}

function assertRole(route: Route, caller: Principal): void {
  if (caller.kind === "step" ? route.stepToken : includesRole(caller.roles, route.role)) return;
  throw new ProblemError({ kind: "forbidden", need: `the app role ${route.role} or one above it` });
}

async function parseRequest<R extends Route>(route: R, request: HttpRequest) {
  const headers =
    route.headers &&
    Object.fromEntries(
      Object.keys(route.headers.shape).flatMap((name) => (request.headers.has(name) ? [[name, request.headers.get(name)]] : [])),
    );
  const errors: { pointer?: string; message: string }[] = [];
  const read = (schema: z.ZodType | undefined, value: unknown, where: string) => {
    const parsed = schema?.safeParse(value);
    if (parsed && !parsed.success)
      errors.push(...parsed.error.issues.map((issue) => ({ pointer: pointerTo(where, issue.path), message: messageOf(issue) })));
    return parsed?.data;
  };
  const params = read(route.params, request.params, "params");
  const query = read(route.query, Object.fromEntries(request.query), "query");
  const head = read(route.headers, headers, "headers");
  const bytes = route.body === undefined ? undefined : await readBody(route, request);
  const body =
    bytes === undefined || route.body === "bytes" ? bytes : read(route.body, parseJson(bytes, request.headers.get("content-type")), "");
  if (errors.length > 0) throw new ProblemError({ kind: "invalid-request", errors });
  // The schemas of the route have read each part: its type is what they say.
  return { params, query, headers: head, body } as Omit<RouteRequest<R>, "caller" | "range">;
}

async function readBody(route: Route, request: HttpRequest): Promise<Uint8Array> {
  const limit = route.maxBodyBytes ?? JSON_BODY_BYTES;
  const declared = Number(request.headers.get("content-length") ?? 0);
  const bytes = declared > limit ? undefined : new Uint8Array(await request.arrayBuffer());
  if (!bytes || bytes.length > limit)
    throw new ProblemError({
      kind: "too-large",
      what: "the request's body",
      limit,
      actual: bytes?.length ?? declared,
      remedy: "send less in one request; files go by POST /api/uploads in parts",
    });
  return bytes;
}

function pointerTo(where: string, path: readonly PropertyKey[]): string {
  return [where, ...path.map((part) => String(part).replaceAll("~", "~0").replaceAll("/", "~1"))]
    .filter((part, at) => at > 0 || part !== "")
    .reduce((pointer, part) => `${pointer}/${part}`, "");
}

/** zod says which member of a union failed in its own nested way: the closest one is what the caller meant. */
function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== "invalid_union") return issue.message;
  const closest = [...issue.errors].sort((a, b) => depth(b) - depth(a) || a.length - b.length)[0]?.[0];
  return closest ? `${closest.path.length > 0 ? `${closest.path.join(".")}: ` : ""}${messageOf(closest)}` : issue.message;
}
function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

function answerError(error: unknown, context: InvocationContext): HttpResponseInit {
  if (error instanceof ProblemError) return problemResponse(error.problem);
  if (error instanceof StoreError && error.retryable) {
    context.warn(`store is busy or out of reach: ${error.message}`);
    return problemResponse({ kind: "unavailable", what: "the store", retryAfterSeconds: 5 });
  }
  if (error instanceof StoreError && error.kind === "invalid-key")
    return problemResponse({ kind: "invalid-request", errors: [{ message: error.message }] });
  if (error instanceof StoreError && error.kind === "too-large")
    return problemResponse({ kind: "too-large", what: "a stored document", limit: 1024 * 1024, remedy: error.message });
  context.error("bug", error);
  return {
    status: 500,
    headers: { "content-type": "application/problem+json" },
    body: JSON.stringify({
      type: "about:blank",
      title: "Something went wrong on our side",
      status: 500,
      detail: `the log has it under invocation ${context.invocationId}`,
    }),
  };
}

function problemResponse(problem: Problem): HttpResponseInit {
  const details = toProblemDetails(problem);
  return {
    status: details.status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...(problem.kind === "unauthenticated" && { "www-authenticate": "Bearer" }),
      ...("retryAfterSeconds" in problem && { "retry-after": String(problem.retryAfterSeconds) }),
    },
    body: JSON.stringify(details),
  };
}
