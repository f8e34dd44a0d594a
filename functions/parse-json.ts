import { ProblemError } from "../shared/domain/problems.ts";

/** How deep a body may nest: whatever reads it later may recurse. */
const MAX_DEPTH = 64;

/** Values in one body. A submit of 20,000 steps has half as many; what has more is no request, and takes seconds to look through. */
export const MAX_VALUES = 1_000_000;

/** `__proto__`, plain or with escapes. Reading with a reviver costs several times as much, so only such a text is. */
const MAY_HOLD_PROTO = /__proto__|\\u00[567]/i;

/** A JSON body. @throws {ProblemError} for another content type, bytes that are no UTF-8, text that is no JSON, or one that nests too deep or holds too much. */
export function parseJson(bytes: Uint8Array, contentType: string | null): unknown {
  // Asking for JSON by name keeps a web page's form from being taken for a request (no preflight would come before it).
  if (!/^application\/(json|[\w.+-]+\+json)\s*(;|$)/i.test(contentType ?? ""))
    throw new ProblemError({ kind: "unsupported-media-type", got: contentType ?? "", want: "application/json" });
  if (bytes.length === 0) throw invalid("the request has no body", "send a JSON text and its Content-Length");
  try {
    assertModest(bytes);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return MAY_HOLD_PROTO.test(text) ? JSON.parse(text, refuseProto) : JSON.parse(text);
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw invalid(error instanceof SyntaxError ? `the body is no JSON: ${error.message.slice(0, 200)}` : "the body is not valid UTF-8");
  }
}

/** Counts brackets and commas outside of texts, byte by byte: no recursion, and nothing is built of a body that is refused. */
function assertModest(bytes: Uint8Array): void {
  let depth = 0;
  let values = 1;
  let inText = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inText) {
      if (byte === 0x5c) at++;
      else if (byte === 0x22) inText = false;
    } else if (byte === 0x22) inText = true;
    else if (byte === 0x2c) values++;
    else if (byte === 0x5b || byte === 0x7b) {
      values++;
      if (++depth > MAX_DEPTH) throw invalid(`the body nests deeper than ${MAX_DEPTH} levels`);
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  if (values > MAX_VALUES) throw invalid(`the body holds more than ${MAX_VALUES} values`, "send less in one request");
}

/** In JavaScript a member of that name is no member like others: it would be dropped without a word, here or by whoever copies the object. */
function refuseProto(name: string, value: unknown): unknown {
  if (name === "__proto__") throw invalid('a member of the body is named "__proto__", which is not kept', "choose another name");
  return value;
}

function invalid(message: string, remedy?: string): ProblemError {
  return new ProblemError({ kind: "invalid-request", errors: [{ message, ...(remedy !== undefined && { remedy }) }] });
}
