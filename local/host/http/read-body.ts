import type { IncomingMessage } from "node:http";

/** A body larger than the host accepts; answered with 413. */
export class BodyTooLargeError extends Error {
  override name = "BodyTooLargeError";
}

/** The connection ended before the body did; there is nobody to answer. */
export class BodyAbortedError extends Error {
  override name = "BodyAbortedError";
}

const NOTHING = new Uint8Array();

/** Length of a body that announces it; 0 for one that does not, which is how a chunked body reaches a function. */
export function announcedLength(request: IncomingMessage): number {
  return Number(request.headers["content-length"] ?? 0);
}

/**
 * The whole body. Without `chunked`, a body of unannounced length is read away and counts as empty.
 * @throws {BodyTooLargeError} as soon as it is known to be over the limit, in bytes.
 */
export async function readBody(request: IncomingMessage, limitBytes: number, { chunked = false } = {}): Promise<Uint8Array> {
  const length = announcedLength(request);
  if (length > limitBytes) throw new BodyTooLargeError();
  if (length === 0 && request.headers["transfer-encoding"] === undefined) return NOTHING;
  const chunks = await readChunks(request, limitBytes, length > 0 || chunked);
  const [first] = chunks;
  return chunks.length === 1 && first ? first : Buffer.concat(chunks);
}

function readChunks(request: IncomingMessage, limitBytes: number, keep: boolean): Promise<Uint8Array[]> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    request.on("data", (chunk: Uint8Array) => {
      size += chunk.length;
      if (size > limitBytes) reject(new BodyTooLargeError());
      else if (keep) chunks.push(chunk);
    });
    request.on("end", () => resolve(chunks));
    request.on("close", () => {
      if (!request.readableEnded) reject(new BodyAbortedError("The request ended before its body did.")); // making an error is dear
    });
    request.on("error", (cause) => reject(new BodyAbortedError("The request broke off.", { cause })));
  });
}
