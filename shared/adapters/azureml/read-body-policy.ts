import { type PipelinePolicy, type PipelineRequest, type PipelineResponse, RestError } from "@azure/core-rest-pipeline";

/** Bytes of an answer at the most; a job's resource has a few thousand. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

export interface Deadlines {
  /** Until the answer's headers are here, in milliseconds. */
  readonly headersMs: number;
  /** Until its last byte is here. */
  readonly totalMs: number;
}

/** Codes of the errors that this policy throws, beside those of the connection. */
export const TOO_LATE = "ANSWER_TOO_LATE";
export const TOO_LARGE = "ANSWER_TOO_LARGE";

/**
 * Reads the whole answer as text within a limit of bytes and of time, so that a slow or endless one costs neither memory nor the
 * other polls. Innermost of the policies: each try has its own time.
 */
export function readBodyPolicy(deadlines: Deadlines = { headersMs: 30_000, totalMs: 100_000 }): PipelinePolicy {
  return {
    name: "readBodyPolicy",
    async sendRequest(request, next) {
      const given = request.abortSignal;
      const deadline = new AbortController();
      const late = (part: string, ms: number) => () => deadline.abort(`the ${part} took longer than ${ms / 1000} s`);
      const total = setTimeout(late("answer", deadlines.totalMs), deadlines.totalMs);
      const headers = setTimeout(late("start of the answer", deadlines.headersMs), deadlines.headersMs);
      request.abortSignal = given ? AbortSignal.any([given as AbortSignal, deadline.signal]) : deadline.signal;
      request.streamResponseStatusCodes = new Set([Number.POSITIVE_INFINITY]); // every status, an error's body is read the same way
      try {
        const response = await next(request);
        clearTimeout(headers);
        response.bodyAsText = await readText(response, request);
        return response;
      } catch (error) {
        if (deadline.signal.aborted && !given?.aborted) throw new RestError(String(deadline.signal.reason), { code: TOO_LATE, request });
        throw error;
      } finally {
        clearTimeout(total);
        clearTimeout(headers);
        if (given) request.abortSignal = given;
        else delete request.abortSignal;
      }
    },
  };
}

async function readText(response: PipelineResponse, request: PipelineRequest): Promise<string> {
  const stream = response.readableStreamBody;
  if (!stream) return response.bodyAsText ?? "";
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
      size += bytes.length;
      if (size > MAX_BODY_BYTES) throw new RestError(`the answer is longer than ${MAX_BODY_BYTES} bytes`, { code: TOO_LARGE, request });
      chunks.push(bytes);
    }
  } catch (error) {
    if (request.abortSignal?.aborted || error instanceof RestError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new RestError(message, { code: code ?? "ECONNRESET", request });
  }
  return Buffer.concat(chunks).toString("utf8");
}
