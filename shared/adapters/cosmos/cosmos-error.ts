import { StoreError } from "../../ports/documents.ts";

export const NOT_FOUND = 404;
export const CONFLICT = 409;
export const PRECONDITION_FAILED = 412;
const TOO_LARGE = 413;
/** Too many requests; waited for by the SDK as long as the service asks. */
const THROTTLED = 429;
/** Timed out, moved, lost to a write at the same time, overloaded: the SDK tries none of these again for a write. */
const PASSING = [408, 410, 449, 503];
/** Sub-statuses: a replica that is behind what this client has seen; a container that is gone; a full partition. */
const BEHIND = 1002;
const OWNER_NOT_FOUND = 1003;
const PARTITION_FULL = 1014;

/** A request that was given up, and an answer that the SDK could not read, as a gateway's page or an error without a body. */
const UNREADABLE = ["AbortError", "TimeoutError", "SyntaxError", "TypeError"];

/** What the SDK throws: an answer of the service, whose code is a number, or the want of one, whose code is a word. */
interface Failure {
  code?: unknown;
  name?: unknown;
  substatus?: unknown;
  message?: unknown;
}

/** Status of the answer; undefined when there was none. */
export function statusOf(error: unknown): number | undefined {
  const code = (error as Failure | undefined)?.code;
  return typeof code === "number" && code >= 100 && code < 600 ? code : undefined;
}

/** Whether nobody knows what became of the request. */
function isUnanswered(error: unknown): boolean {
  const { code, name } = (error ?? {}) as Failure;
  return typeof code === "string" || UNREADABLE.includes(String(name));
}

/** Whether to ask again, soon: the trouble passes, or there was no answer. */
export function isPassing(error: unknown): boolean {
  if (error instanceof StoreError) return error.kind === "busy";
  const status = statusOf(error);
  return isUnanswered(error) || PASSING.includes(status ?? 0) || (status === NOT_FOUND && substatusOf(error) === BEHIND);
}

/** A 404 that says nothing of the document asked for. @throws {StoreError} */
export function assertIsDocument(answer: { statusCode?: number; substatus?: number | undefined }, place: string): void {
  if (answer.statusCode !== NOT_FOUND) return;
  if (answer.substatus === BEHIND) throw new StoreError("busy", `a replica of ${place} is behind; try again`);
  if (answer.substatus === OWNER_NOT_FOUND) throw missing(place);
}

/** What the SDK threw as a {@link StoreError} that says the way out; what nobody could help with comes back as it is. */
export function toStoreError(error: unknown, place: string): unknown {
  if (error instanceof StoreError) return error;
  const say = (kind: StoreError["kind"], message: string) => new StoreError(kind, message, { cause: error });
  const status = statusOf(error);
  if (isUnanswered(error)) return say("unavailable", `Cosmos DB (${place}) did not answer: ${textOf(error)}; see that it can be reached`);
  if (status === THROTTLED) return say("busy", `Cosmos DB (${place}) is asked for more than its throughput; try again, or raise it`);
  if (isPassing(error)) return say("busy", `Cosmos DB (${place}) is busy (${status}); try again`);
  if (status === TOO_LARGE) return say("too-large", `Cosmos DB (${place}) takes no document as large as this; keep large values in a blob`);
  if (status === 403 && substatusOf(error) === PARTITION_FULL)
    return say("too-large", `a partition of Cosmos DB (${place}) is full (20 GB); delete old runs`);
  if (status === 401 || status === 403)
    return say(
      "unavailable",
      `Cosmos DB (${place}) refused this app (${status}); give its identity the role Cosmos DB Built-in Data Contributor`,
    );
  if (status === NOT_FOUND) return missing(place, error);
  return status !== undefined && status >= 500 ? say("unavailable", `Cosmos DB (${place}) failed (${status}); try again`) : error;
}

function missing(place: string, cause?: unknown): StoreError {
  return new StoreError("unavailable", `Cosmos DB has no ${place}; create it by infra/main.bicep, with the partition key /pk`, { cause });
}

function substatusOf(error: unknown): unknown {
  return (error as Failure | undefined)?.substatus;
}

function textOf(error: unknown): string {
  const { code, message } = (error ?? {}) as Failure;
  return String(typeof code === "string" ? code : (message ?? error)).slice(0, 300);
}
