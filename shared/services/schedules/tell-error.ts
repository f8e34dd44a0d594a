import { toProblemDetails } from "../../api/problem-details.ts";
import { ProblemError } from "../../domain/problems.ts";
import { StoreError } from "../../ports/documents.ts";

/** Whether an error may be gone by itself when one tries again: a store or something else is busy or out of reach. */
export function mayPass(error: unknown): boolean {
  if (error instanceof StoreError) return error.retryable;
  return error instanceof ProblemError && (error.problem.kind === "unavailable" || error.problem.kind === "busy");
}

/** What a tick records of an error that no other attempt can help; undefined for a bug, and for what only the log may tell: places on the server's machine. */
export function tellError(error: unknown): { cause: string; remedy?: string } | undefined {
  if (error instanceof StoreError && (error.kind === "too-large" || error.kind === "invalid-key")) return { cause: error.message };
  if (!(error instanceof ProblemError)) return undefined;
  const { title, detail, errors = [], remedy = errors[0]?.remedy } = toProblemDetails(error.problem);
  const found = errors.map(({ pointer, message }) => (pointer ? `${pointer}: ${message}` : message));
  return { cause: [title, detail ?? found.slice(0, 5).join("; ")].filter(Boolean).join(": "), ...(remedy && { remedy }) };
}
