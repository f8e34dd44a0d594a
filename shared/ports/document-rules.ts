import { StoreError } from "./documents.ts";

/** UTF-8 bytes of one document's JSON at the most, in every store (Cosmos DB itself would take 2 MB). */
export const DOCUMENT_BYTES = 1024 * 1024;
const KEY_CHARACTERS = 255;

/** What Cosmos DB refuses in an id, and what nobody could read in a log. */
const FORBIDDEN_IN_KEY = /[/\\?#\p{Cc}]/u;

/**
 * Holds a partition or sort key to the rules that every store keeps.
 * @throws {StoreError} `invalid-key`, naming the key and the rule.
 */
export function checkKey(what: "pk" | "sk", key: string): void {
  const shown = `${what} ${JSON.stringify(key.slice(0, 300))}`;
  if (key.length === 0 || key.length > KEY_CHARACTERS) {
    throw new StoreError("invalid-key", `${shown} has ${key.length} characters; a key has 1 to ${KEY_CHARACTERS}`);
  }
  if (!key.isWellFormed()) throw new StoreError("invalid-key", `${shown} holds half a surrogate pair`);
  if (FORBIDDEN_IN_KEY.test(key)) throw new StoreError("invalid-key", `${shown} holds one of / \\ ? # or a control character`);
}

/**
 * A document as the JSON that is stored.
 * @throws {StoreError} `too-large`, naming the size and where large values belong.
 */
export function encodeDocument(value: unknown): string {
  const body: string | undefined = JSON.stringify(value);
  if (body === undefined) throw new TypeError("a document is JSON, and this value has none");
  const bytes = Buffer.byteLength(body);
  if (bytes > DOCUMENT_BYTES) {
    throw new StoreError("too-large", `a document may have ${DOCUMENT_BYTES} bytes and this one has ${bytes}; keep large values in a blob`);
  }
  return body;
}

/**
 * Holds the names that a listing filters by to what every store's query language can say without quoting.
 * @throws {StoreError} `invalid-key`, naming the field.
 */
export function checkFieldName(field: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(field)) {
    throw new StoreError("invalid-key", `cannot filter by ${JSON.stringify(field)}: a field's name is letters, digits and underscores`);
  }
}

/** @throws {StoreError} `invalid-key` unless a page has 1 to 1,000 items. */
export function checkLimit(limit: number): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
    throw new StoreError("invalid-key", `a page has 1 to 1,000 items, and ${limit} were asked for`);
  }
}
