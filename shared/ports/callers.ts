import type { RunId } from "../domain/ids.ts";
import type { Role } from "../domain/roles.ts";

/** Who is calling, once the token has been verified. Identity is `tenantId` and `objectId` together; `name` is for people to read. */
export type Principal = DirectoryPrincipal | StepPrincipal;

/** A person, or an application as itself. `roles` may be empty: known, but without a right. */
export interface DirectoryPrincipal {
  readonly kind: "user" | "app";
  readonly objectId: string;
  readonly tenantId: string;
  readonly name?: string;
  readonly roles: readonly Role[];
}

/** A step's own process. `objectId` is the step run's id; it has no role and what it may reach hangs on `stepRunId` and `runId`. */
export interface StepPrincipal {
  readonly kind: "step";
  readonly objectId: string;
  readonly tenantId: string;
  readonly roles: readonly [];
  readonly stepRunId: RunId;
  /** The pipeline run that the step run belongs to. */
  readonly runId: RunId;
}

/**
 * Takes the value of the Authorization header and nothing else of a request: no query, cookie or platform header counts.
 * @throws {ProblemError} `unauthenticated`, or `unavailable` when the issuer's keys were never had and cannot be had.
 */
export type VerifyCaller = (authorization: string | null | undefined) => Promise<Principal>;

/** What a step token says. */
export interface StepTokenClaims {
  readonly stepRunId: RunId;
  readonly runId: RunId;
  /** ISO 8601, UTC; cut to whole seconds. */
  readonly expiresAt: string;
}

/** Makes tokens for step runs. The same claims give the same bytes, since a job that is submitted again must be the same job. */
export interface StepTokens {
  mint(claims: StepTokenClaims): Promise<string>;
}
