import { StoreError } from "../../ports/documents.ts";

/** What the SDK throws: the service's status and its own code, or a word of the system when there was no answer. */
interface Failure {
  statusCode?: unknown;
  code?: unknown;
  name?: unknown;
  message?: unknown;
  details?: { errorCode?: unknown };
}

const TOO_LARGE = 413;
const PASSING = [408, 409, 412, 429, 500, 502, 503, 504];

/** https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes; absent for answers to HEAD, where the SDK has it from a header. */
export function errorCodeOf(error: unknown): string {
  const { code, details } = (error ?? {}) as Failure;
  return String(code ?? details?.errorCode ?? "");
}

export function statusOf(error: unknown): number | undefined {
  const { statusCode } = (error ?? {}) as Failure;
  return typeof statusCode === "number" ? statusCode : undefined;
}

/** There is no such blob, or no container that could hold it. */
export function isMissing(error: unknown): boolean {
  return statusOf(error) === 404;
}

export function isContainerMissing(error: unknown): boolean {
  return isMissing(error) && errorCodeOf(error) === "ContainerNotFound";
}

/** Answers undefined for what is not there. */
export function unlessMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}

/** What the SDK threw as a {@link StoreError} that says the way out; what nobody could help with comes back as it is. */
export function toStoreError(error: unknown, place: string): unknown {
  if (error instanceof StoreError) return error;
  const say = (kind: StoreError["kind"], message: string) => new StoreError(kind, message, { cause: error });
  const status = statusOf(error);
  if (status === undefined)
    return isUnanswered(error)
      ? say("unavailable", `the storage account (${place}) did not answer: ${wordOf(error)}; see that it can be reached`)
      : error;
  if (isContainerMissing(error)) return say("unavailable", `there is no container for ${place}; create it by infra/main.bicep`);
  if (status === 401 || status === 403)
    return say(
      "unavailable",
      `the storage account refused ${place} (${status}); give this app's identity the role Storage Blob Data Contributor`,
    );
  if (status === TOO_LARGE) return say("too-large", `${place} is larger than the storage account takes at once`);
  return PASSING.includes(status)
    ? say("busy", `the storage account is busy with ${place} (${status} ${errorCodeOf(error)}); try again`)
    : error;
}

function isUnanswered(error: unknown): boolean {
  const { code, name } = (error ?? {}) as Failure;
  return typeof code === "string" || name === "AbortError" || name === "RestError";
}

function wordOf(error: unknown): string {
  const { code, message } = (error ?? {}) as Failure;
  return String(code ?? message).slice(0, 300);
}
