import type { IncomingMessage } from "node:http";
import { ArmError, userError } from "./arm-error.ts";

/** ARM's own bound on a request's body. */
const MAXIMUM_BYTES = 4 * 1024 * 1024;
const MAXIMUM_DEPTH = 64;

/** Reads a JSON body. @throws {ArmError} 400 or 413, when it is none, too large or nested too deep. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const text = await readText(request);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ArmError(400, "InvalidRequestContent", `The request content is not JSON: ${(error as Error).message}`);
  }
  refuseDeep(value);
  return value;
}

async function readText(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAXIMUM_BYTES) throw tooLarge();
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function tooLarge(): ArmError {
  const headers = { connection: "close" };
  return new ArmError(413, "RequestEntityTooLarge", `The request content is larger than ${MAXIMUM_BYTES} bytes`, { headers });
}

/** Parsing survives any depth, writing the value back does not. */
function refuseDeep(root: unknown): void {
  let level = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAXIMUM_DEPTH) throw userError(400, "BadArgument", `The request content is nested deeper than ${MAXIMUM_DEPTH} levels`);
    level = level.flatMap((value) => (typeof value === "object" && value !== null ? Object.values(value) : []));
  }
}
