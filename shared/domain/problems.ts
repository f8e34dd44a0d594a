/** One thing wrong with what a caller sent. `pointer` is a JSON Pointer (RFC 6901) into the request's body, or absent. */
export interface ProblemDetail {
  readonly pointer?: string;
  readonly message: string;
  readonly remedy?: string;
}

/** Problems told at once at the most: more than a person reads, and a graph may have one in each of its steps. */
export const MAX_PROBLEMS = 100;

/** Names for a message: all of a few, the first and the last of many. */
export function someOf(names: readonly string[]): string[] {
  return names.length <= 12 ? [...names] : [...names.slice(0, 10), "…", ...names.slice(-1)];
}

/** What the caller can act on, by kind; `shared/api/problem-details.ts` gives each its status and title. */
export type Problem =
  | { kind: "invalid-request"; errors: readonly ProblemDetail[] }
  | { kind: "invalid-pipeline"; errors: readonly ProblemDetail[] }
  /** `within`: where it was looked for; absent: in the workspace. */
  | { kind: "not-found"; what: string; id: string; within?: string; remedy?: string }
  | { kind: "unauthenticated"; reason: string }
  | { kind: "forbidden"; need: string }
  | { kind: "conflict"; message: string; remedy?: string }
  | { kind: "disabled"; what: string; name: string; status: "Disabled" | "Archived"; remedy: string }
  | { kind: "property-conflict"; name: string }
  | { kind: "idempotency-conflict"; key: string }
  | { kind: "too-large"; what: string; limit: number; actual?: number; remedy?: string }
  | { kind: "length-required" }
  | { kind: "range-not-satisfiable"; size: number }
  | { kind: "unknown-route"; method: string; path: string; allowed: readonly string[] }
  | { kind: "unsupported-media-type"; got: string; want: string }
  | { kind: "busy"; what: string; limit: number; remedy: string; retryAfterSeconds: number }
  | { kind: "unavailable"; what: string; retryAfterSeconds: number; cause?: string; remedy?: string };

/** A {@link Problem} on its way to the caller. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly problem: Problem;

  constructor(problem: Problem, options?: { cause?: unknown }) {
    super(describe(problem), options);
    this.problem = problem;
  }
}

function describe(problem: Problem): string {
  switch (problem.kind) {
    case "invalid-request":
    case "invalid-pipeline":
      return problem.errors.map((error) => (error.pointer ? `${error.pointer}: ${error.message}` : error.message)).join("\n");
    case "not-found":
      return `there is no ${problem.what} ${JSON.stringify(problem.id)}${problem.within === undefined ? "" : ` in ${problem.within}`}`;
    case "conflict":
      return problem.message;
    case "disabled":
      return describeDisabled(problem);
    default:
      return problem.kind;
  }
}

/** What is said of something that refuses to run. */
export function describeDisabled({ what, name, status }: Extract<Problem, { kind: "disabled" }>): string {
  return `${what} ${JSON.stringify(name)} is ${status.toLowerCase()}`;
}
