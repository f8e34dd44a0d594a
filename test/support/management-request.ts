import type { HostRequest } from "../../local/host/contract.ts";

/** A request to the management API as the durable client makes it. @param body sent as JSON; absent: none. */
export function managementRequest(method: string, path: string, body?: unknown, query = ""): HostRequest {
  return {
    method,
    path,
    query: new URLSearchParams(query),
    headers: { "content-type": "application/json" },
    body: Buffer.from(body === undefined ? "" : JSON.stringify(body)),
    origin: "http://127.0.0.1:7071",
  };
}
