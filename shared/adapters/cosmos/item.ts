import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Stored } from "../../ports/documents.ts";

/**
 * A document as it lies in Cosmos DB. `ops` names the writes that made it, newest first and the creation last: a write whose answer was lost
 * finds itself there, also when another has come upon it since.
 */
export const Item = z.object({ id: z.string(), sk: z.string(), ops: z.array(z.string()).min(1), doc: z.unknown(), _etag: z.string() });
export type Item = z.infer<typeof Item>;

/** How many writes are named beside the creation: more than could come upon one while its writer asks again. */
const REPLACEMENTS_KEPT = 5;
/** Stands in no operation's name, and in no etag of the service. */
const BETWEEN = "~";
/** The etag of a version that is no longer there: nothing can be written against it. */
export const SUPERSEDED = "superseded";

export function newOperation(): string {
  return randomBytes(9).toString("base64url");
}

export function operationsAfter(earlier: readonly string[], operation: string): string[] {
  const creation = earlier.at(-1);
  return [operation, ...earlier.slice(0, -1).slice(0, REPLACEMENTS_KEPT - 1), ...(creation === undefined ? [] : [creation])];
}

/** The tag that callers hold is the service's with the operations behind it: so a replacement can name those before it without reading. */
export function toEtag(serviceEtag: string, operations: readonly string[]): string {
  return [serviceEtag, ...operations].join(BETWEEN);
}

export function fromEtag(etag: string): { serviceEtag: string; operations: string[] } {
  const [serviceEtag = "", ...operations] = etag.split(BETWEEN);
  return { serviceEtag, operations };
}

export function toStored({ doc, ops, _etag }: Item): Stored<unknown> {
  return { value: doc, etag: toEtag(_etag, ops) };
}
