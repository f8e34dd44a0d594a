import { isRestError, type PipelineResponse } from "@azure/core-rest-pipeline";
import { ComputeError } from "../../ports/compute-backend.ts";

/** Longest wait that a service can ask for, in seconds. */
const MAX_RETRY_AFTER_SECONDS = 300;
const MAX_MESSAGE = 2_000;

/** The service answered, and it was a refusal. `codes`: every code in its answer, the general one first; empty if it was no error of ARM's shape. */
export class ServiceRefusal extends ComputeError {
  readonly status: number;
  readonly codes: readonly string[];

  constructor(status: number, codes: readonly string[], message: string, retryAfterSeconds: number | undefined) {
    const code = status === 401 ? "AuthFailed" : (codes.at(-1) ?? `Http${status}`);
    super(code, message, { retryable: isRetryable(status), retryAfterSeconds });
    this.status = status;
    this.codes = codes;
  }
}

/** @param what For people: what was asked, with the job's name. */
export function refusalOf(response: PipelineResponse, what: string, now: number): ServiceRefusal {
  const error = errorIn(response.bodyAsText);
  const codes = codesIn(error);
  const said = textOf(error) ?? "no reason was given";
  const named = codes.length > 0 ? ` ${[...new Set([codes[0], codes.at(-1)])].join("/")}` : "";
  const id = response.headers.get("x-ms-request-id") ?? response.headers.get("x-ms-correlation-request-id") ?? response.request.requestId;
  const message = `Azure ML would not ${what}: ${response.status}${named}: ${said} (request id ${id})`;
  return new ServiceRefusal(response.status, codes, message, retryAfterSeconds(response, now));
}

/** What went wrong on the way, as the port's error. An abort by the caller, and what is one already, goes through untouched. */
export function transportError(error: unknown, what: string): unknown {
  if (!isRestError(error)) return error;
  const code = error.code ?? "Unreachable";
  return new ComputeError(code, `Azure ML could not be asked to ${what}: ${redact(error.message)} (${code})`, {
    retryable: true,
    cause: error,
  });
}

/** 408 and 429, and 5xx but 501 (not implemented) and 505 (HTTP version), may go better another time. */
function isRetryable(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
}

/** `Retry-After` in seconds or as an HTTP date (RFC 9110 §10.2.3), or its variants in milliseconds. */
function retryAfterSeconds({ headers }: PipelineResponse, now: number): number | undefined {
  const ms = headers.get("retry-after-ms") ?? headers.get("x-ms-retry-after-ms");
  const given = headers.get("retry-after");
  const seconds = ms !== undefined ? Number(ms) / 1000 : given === undefined ? Number.NaN : asSeconds(given, now);
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), MAX_RETRY_AFTER_SECONDS) : undefined;
}

function asSeconds(value: string, now: number): number {
  return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : (Date.parse(value) - now) / 1000;
}

function errorIn(text: string | null | undefined): unknown {
  try {
    return (JSON.parse(text ?? "") as { error?: unknown } | null)?.error;
  } catch {
    return undefined; // a proxy's page, say
  }
}

/** Codes from the outermost in: `code` itself, then those below `additionalInfo`'s InnerError, `innerError` and `details`. */
export function codesIn(error: unknown, depth = 0): string[] {
  if (typeof error !== "object" || error === null || depth > 16) return [];
  if (Array.isArray(error)) return error.flatMap((one) => codesIn(one, depth + 1));
  const { code, ...rest } = error as Record<string, unknown>;
  const inner = ["details", "additionalInfo", "info", "value", "innerError"].flatMap((name) => codesIn(rest[name], depth + 1));
  return typeof code === "string" && code !== "" ? [code, ...inner] : inner;
}

/** The `message` of an error, cut and without what looks like a secret. */
export function textOf(error: unknown): string | undefined {
  const message = typeof error === "object" && error !== null ? (error as Record<string, unknown>)["message"] : undefined;
  return typeof message === "string" && message !== "" ? redact(message) : undefined;
}

/** Services quote what they were sent, and a job is sent a token; stored URLs may carry a signature. */
function redact(text: string): string {
  return text
    .slice(0, MAX_MESSAGE)
    .replaceAll(/eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]*/g, "[token]")
    .replaceAll(/([?&]sig=)[^&\s"']+/g, "$1[signature]");
}
