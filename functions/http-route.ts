import type { HttpRequest, HttpResponseInit, InvocationContext } from "@azure/functions";
import type { z } from "zod";
import { toProblemDetails } from "../shared/api/problem-details.ts";
import { JSON_BODY_BYTES, type Route } from "../shared/api/route.ts";
import type { Services } from "../shared/composition.ts";
import { type Problem, type ProblemDetail, ProblemError } from "../shared/domain/problems.ts";
import { includesRole } from "../shared/domain/roles.ts";
import type { Principal } from "../shared/ports/callers.ts";
import { DOCUMENT_BYTES } from "../shared/ports/document-rules.ts";
import { StoreError, type StoreTrouble } from "../shared/ports/documents.ts";
import { type Admission, type Leave, ofThisProcess } from "./admission.ts";
import { describeIssue } from "./describe-issue.ts";
import { parseJson } from "./parse-json.ts";
import { parseQuery } from "./parse-query.ts";
import { readSchema } from "./read-schema.ts";

/** More than a person reads; a list with one wrong member may have thousands. */
const SHOWN_ERRORS = 100;

/** What a caller is told of a store's trouble: the log has the place. */
const TROUBLES: Readonly<Record<StoreTrouble, { cause: string; remedy: string }>> = {
  "disk-full": { cause: "the disk of the workspace is full", remedy: "free some space there, then try again" },
  "not-writable": {
    cause: "the workspace may not write to its own files",
    remedy: "correct their permissions (its log names them), then try again",
  },
  "disk-failing": { cause: "the disk of the workspace reports an error", remedy: "see that it has space and is healthy, then try again" },
  "host-cannot-write": {
    cause: "the workspace cannot write its state to disk",
    remedy: "free its disk or mend it, then try again (its log says what is wrong)",
  },
};

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
 * thrown into `application/problem+json`: a {@link ProblemError} as it is, anything else into a bare 500 and a log line. What is more than the
 * process may have under way is refused before its body is read.
 */
export function httpRoute<R extends Route>(route: R, handler: RouteHandler<R>, admission: Admission = ofThisProcess): BoundRoute {
  return {
    route,
    answer: async (services, request, context) => {
      const taken: Leave[] = [];
      try {
        const caller = await services.verifyCaller(request.headers.get("authorization"));
        assertRole(route, caller);
        if (route.body !== undefined) taken.push(admission.body(declaredLength(request)));
        if (route.checksPipeline) taken.push(admission.submit());
        const parsed = await parseRequest(route, request);
        if (waits(parsed.query)) taken.push(admission.wait());
        return await handler(services)({ caller, range: request.headers.get("range"), ...parsed });
      } catch (error) {
        return answerError(error, context);
      } finally {
        for (const leave of taken) leave();
      }
    },
  };
}

function waits(query: unknown): boolean {
  return typeof query === "object" && query !== null && "waitSeconds" in query && Number(query.waitSeconds) > 0;
}

function declaredLength(request: HttpRequest): number {
  return Number(request.headers.get("content-length") ?? 0);
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
  const errors: ProblemDetail[] = [];
  const read = (schema: z.ZodType | undefined, value: unknown, where: string) => {
    const outcome = schema && readSchema(schema, value);
    if (outcome && "issues" in outcome) errors.push(...outcome.issues.slice(0, SHOWN_ERRORS).map((issue) => describeIssue(issue, where)));
    return outcome && "data" in outcome ? outcome.data : undefined;
  };
  const params = read(route.params, request.params, "params");
  const asked = parseQuery(request.url);
  errors.push(...unknownNames(asked, Object.keys(route.query?.shape ?? {})));
  const query = read(route.query, route.query && asked, "query");
  const head = read(route.headers, headers, "headers");
  const bytes = route.body === undefined ? undefined : await readBody(route, request);
  const body =
    bytes === undefined || route.body === "bytes" ? bytes : read(route.body, parseJson(bytes, request.headers.get("content-type")), "");
  if (errors.length > 0) throw new ProblemError({ kind: "invalid-request", errors: errors.slice(0, SHOWN_ERRORS) });
  // The schemas of the route have read each part: its type is what they say.
  return { params, query, headers: head, body } as Omit<RouteRequest<R>, "caller" | "range">;
}

/** A misspelt name would be a filter that does not filter. */
function unknownNames(asked: Record<string, string>, known: string[]): ProblemDetail[] {
  const unknown = Object.keys(asked).filter((name) => !known.includes(name));
  return unknown.map((name) => ({
    pointer: `/query/${name}`,
    message: `there is no query parameter ${JSON.stringify(name)} here`,
    remedy: known.length > 0 ? `known: ${known.join(", ")}` : "this route takes none",
  }));
}

async function readBody(route: Route, request: HttpRequest): Promise<Uint8Array> {
  const limit = route.maxBodyBytes ?? JSON_BODY_BYTES;
  const declared = declaredLength(request);
  const bytes = declared > limit ? undefined : new Uint8Array(await request.arrayBuffer());
  // The Functions host gives a body of unannounced length as an empty one: taking it for that would store nothing and say that all went well.
  if (bytes?.length === 0 && request.headers.has("transfer-encoding")) throw new ProblemError({ kind: "length-required" });
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

function answerError(error: unknown, context: InvocationContext): HttpResponseInit {
  if (error instanceof ProblemError) return problemResponse(error.problem);
  if (error instanceof StoreError && error.retryable) {
    context.warn(`store is busy or out of reach: ${error.message}`);
    return problemResponse({ kind: "unavailable", what: "the store", retryAfterSeconds: 5, ...(error.trouble && TROUBLES[error.trouble]) });
  }
  if (error instanceof StoreError && error.kind === "invalid-key")
    return problemResponse({ kind: "invalid-request", errors: [{ message: error.message }] });
  if (error instanceof StoreError && error.kind === "too-large")
    return problemResponse({ kind: "too-large", what: "what is kept as one document", limit: DOCUMENT_BYTES, remedy: error.message });
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

/** A problem as the answer to a request. */
export function problemResponse(problem: Problem): HttpResponseInit {
  const details = toProblemDetails(problem);
  return {
    status: details.status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...(problem.kind === "unauthenticated" && { "www-authenticate": "Bearer" }),
      ...(problem.kind === "range-not-satisfiable" && { "content-range": `bytes */${problem.size}` }),
      ...(problem.kind === "unknown-route" && problem.allowed.length > 0 && { allow: problem.allowed.join(", ") }),
      ...("retryAfterSeconds" in problem && { "retry-after": String(problem.retryAfterSeconds) }),
    },
    body: JSON.stringify(details),
  };
}
