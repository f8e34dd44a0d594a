import { z } from "zod";

/**
 * Why a try failed, as far as it decides whether another may help. `script`: the command ended with an error; `timeout`: it took longer than the step
 * allows; `environment`: what it runs in could not be made; `infrastructure`: the compute service lost it or failed itself.
 */
export const FailureClass = z.enum(["script", "timeout", "environment", "infrastructure"]);
export type FailureClass = z.infer<typeof FailureClass>;

/** The longest pause between two tries, in seconds. */
export const MOST_BACKOFF_SECONDS = 86_400;

/** How often a step is tried, and how long it waits in between. */
export const RetryPolicy = z.strictObject({
  /** Tries in all, the first among them. */
  maxAttempts: z.int().min(1).max(20),
  /** Before the second try, in seconds; each further pause is `factor` times the one before, `maxBackoffSeconds` at the most. */
  backoffSeconds: z.number().min(0).max(MOST_BACKOFF_SECONDS).default(10),
  factor: z.number().min(1).max(10).default(2),
  maxBackoffSeconds: z.number().min(0).max(MOST_BACKOFF_SECONDS).default(3600),
  /** Which failures are worth another try. */
  on: z.array(FailureClass).min(1).default(["script", "timeout", "infrastructure"]),
});
export type RetryPolicy = z.infer<typeof RetryPolicy>;

/** How a try ended that is not the last: each has its own log. */
export interface EndedTry {
  readonly failure: { readonly code: string; readonly exitCode?: number | undefined };
  /** Instants, ISO 8601; absent: the job never started, or the service does not say. */
  readonly startedAt?: string | undefined;
  readonly endedAt?: string | undefined;
  /** What the step allows a try; absent: no bound. */
  readonly timeoutSeconds?: number | undefined;
}

/** Undefined: no other try can help, or somebody wanted it to end. */
export function failureClassOf({ failure: { code, exitCode }, startedAt, endedAt, timeoutSeconds }: EndedTry): FailureClass | undefined {
  if (exitCode !== undefined || code === "ScriptFailedRun") return "script";
  const seconds = startedAt && endedAt ? (Date.parse(endedAt) - Date.parse(startedAt)) / 1000 : 0;
  if (timeoutSeconds !== undefined && seconds >= timeoutSeconds) return "timeout";
  switch (code) {
    case "UserError":
      return "script";
    case "ImageBuildFailure":
      return "environment";
    case "JobTimeout":
      return "timeout";
    case "ServiceError":
    case "JobFailed":
    case "JobLost":
      return "infrastructure";
    default:
      return undefined;
  }
}

/** Seconds until the try after `attempt` (which counts from 1); undefined: there is none. */
export function pauseBeforeRetry(policy: RetryPolicy | undefined, attempt: number, failure: FailureClass | undefined): number | undefined {
  if (!policy || failure === undefined || attempt >= policy.maxAttempts || !policy.on.includes(failure)) return undefined;
  return Math.min(policy.maxBackoffSeconds, policy.backoffSeconds * policy.factor ** (attempt - 1));
}
