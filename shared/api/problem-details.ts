import { z } from "zod";
import { describeDisabled, type Problem } from "../domain/problems.ts";

/** Prefix of every `type`; a name, not a page that is fetched. */
export const PROBLEM_BASE = "urn:penstock:problem";

/** RFC 9457 §3.1, with our extension members. */
export const ProblemDetails = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    remedy: z.string().optional(),
    errors: z.array(z.object({ pointer: z.string().optional(), message: z.string(), remedy: z.string().optional() })).optional(),
  })
  .meta({ id: "ProblemDetails" });
export type ProblemDetails = z.infer<typeof ProblemDetails>;

/** What a caller is told of a problem. */
export function toProblemDetails(problem: Problem): ProblemDetails {
  const as = (status: number, title: string, rest: Partial<ProblemDetails> = {}): ProblemDetails => ({
    type: `${PROBLEM_BASE}:${problem.kind}`,
    title,
    status,
    ...rest,
  });
  switch (problem.kind) {
    case "invalid-request":
      return as(400, "The request is not as it should be", { errors: [...problem.errors] });
    case "invalid-pipeline":
      return as(422, "The pipeline cannot run as it is", { errors: [...problem.errors] });
    case "not-found":
      return as(404, `There is no such ${problem.what}`, {
        detail: `${problem.what} ${JSON.stringify(problem.id)} is not in ${problem.within ?? "this workspace"}`,
        ...(problem.remedy && { remedy: problem.remedy }),
      });
    case "unauthenticated":
      return as(401, "Who is calling is not known", {
        detail: problem.reason,
        remedy: "send Authorization: Bearer with an access token for this workspace; a local one's is in its state folder's workspace.json",
      });
    case "forbidden":
      return as(403, "The caller may not do this", { detail: `this needs ${problem.need}` });
    case "conflict":
      return as(409, "This does not fit what is there", { detail: problem.message, ...(problem.remedy && { remedy: problem.remedy }) });
    case "disabled":
      return as(409, "It does not run as long as it is so", { detail: describeDisabled(problem), remedy: problem.remedy });
    case "property-conflict":
      return as(409, "A property is written once", {
        detail: `property ${JSON.stringify(problem.name)} has another value already`,
        remedy: "use a tag for what changes",
      });
    case "idempotency-conflict":
      return as(409, "The idempotency key was used for another request", {
        detail: `Idempotency-Key ${JSON.stringify(problem.key)} came with another body before`,
        remedy: "send a new key with a new request",
      });
    case "too-large":
      return as(413, "Too large", {
        detail: `${problem.what} may have ${problem.limit}${problem.actual === undefined ? "" : `, and has ${problem.actual}`}`,
        ...(problem.remedy && { remedy: problem.remedy }),
      });
    case "length-required":
      return as(411, "The length of the body is wanted", {
        detail: "a body in chunks of unannounced length is not read",
        remedy: "send a Content-Length header",
      });
    case "range-not-satisfiable":
      return as(416, "The file has no such bytes", {
        detail: `the file has ${problem.size} bytes, and the Range header asks for later ones`,
        remedy: "ask for a range that begins before its end",
      });
    case "unknown-route": {
      const asked = `${problem.method} ${problem.path.slice(0, 300)}`;
      if (problem.allowed.length > 0)
        return as(405, "The path does not take this method", { detail: asked, remedy: `it takes ${problem.allowed.join(", ")}` });
      return as(404, "There is no such route", { detail: asked, remedy: "GET /api/openapi.json lists all routes" });
    }
    case "unsupported-media-type":
      return as(415, "Content of another type is wanted", {
        detail: `Content-Type is ${JSON.stringify(problem.got)}`,
        remedy: `send ${problem.want}`,
      });
    case "busy":
      return as(429, "Too much at once", {
        detail: `there may be ${problem.limit} ${problem.what}, and so many there are`,
        remedy: problem.remedy,
      });
    case "unavailable":
      return as(503, "Something this needs is out of reach", {
        detail: problem.cause ?? `${problem.what} is out of reach`,
        remedy: problem.remedy ?? `try again in ${problem.retryAfterSeconds} s`,
      });
    default: {
      const never: never = problem;
      throw new Error(`unknown problem ${JSON.stringify(never)}`);
    }
  }
}
