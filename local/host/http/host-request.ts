import type { IncomingMessage } from "node:http";
import type { HostRequest } from "../contract.ts";
import { readBody } from "./read-body.ts";

/** A request to one of the host's own endpoints; `path` is what follows the mount, as the caller wrote it. Chunked bodies are read too. */
export async function toHostRequest(
  request: IncomingMessage,
  path: string,
  query: URLSearchParams | undefined,
  limitBytes: number,
): Promise<HostRequest> {
  const headers: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = typeof value === "string" ? value : value.join(",");
  }
  return {
    method: request.method ?? "",
    path,
    query: query ?? new URLSearchParams(),
    headers,
    body: await readBody(request, limitBytes, { chunked: true }),
    origin: `http://${request.headers.host}`,
  };
}
