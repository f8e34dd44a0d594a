import type { ProblemDetails } from "../shared/api/problem-details.ts";

/** The server refused a request and said why, in problem details (RFC 9457). */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  readonly details: ProblemDetails;
  /** Verb and path, for people. */
  readonly request: string;

  constructor(request: string, details: ProblemDetails) {
    super(details.detail === undefined ? details.title : `${details.title}: ${details.detail}`);
    this.request = request;
    this.details = details;
  }

  /** HTTP status. */
  get status(): number {
    return this.details.status;
  }
}
