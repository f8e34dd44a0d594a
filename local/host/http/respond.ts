import type { IncomingMessage, ServerResponse } from "node:http";
import type { HostResponse } from "../contract.ts";
import type { RpcHttpResponse } from "./rpc-http.ts";
import { setCookie } from "./set-cookie.ts";

/** They describe the connection, which is the server's. */
const CONNECTION_HEADERS = new Set([
  "connection",
  "keep-alive",
  "transfer-encoding",
  "content-length",
  "upgrade",
  "proxy-connection",
  "te",
  "trailer",
]);

/** Up to here a body goes out as a text of single bytes, which Node puts behind the headers in one write; buffers take two. */
const ONE_WRITE_BYTES = 16 * 1024;

/** An answer of the host itself. One that leaves the body unread closes the connection, so that nothing is mistaken for the next request. */
export function respond(request: IncomingMessage, response: ServerResponse, { status, headers = {}, body = "" }: HostResponse): void {
  if (response.headersSent || response.destroyed) return;
  const bytes = Buffer.from(body);
  response.writeHead(status, {
    ...(bytes.length > 0 ? { "content-type": "text/plain; charset=utf-8" } : {}),
    ...headers,
    ...(status === 204 || status === 304 ? {} : { "content-length": bytes.length }),
    ...(request.complete ? {} : { connection: "close" }),
  });
  response.end(bytes);
}

export function respondJson(request: IncomingMessage, response: ServerResponse, status: number, value: unknown): void {
  respond(request, response, { status, headers: { "content-type": "application/json; charset=utf-8" }, body: JSON.stringify(value) });
}

/** An answer that a function made; it is not sent if it cannot be, and then this throws. */
export function respondRpc(request: IncomingMessage, response: ServerResponse, rpc: RpcHttpResponse): void {
  if (response.destroyed) return;
  const status = Number(rpc.statusCode ?? 200);
  const bytes = rpc.body?.bytes;
  const headers: string[] = [];
  for (const name in rpc.headers) {
    if (!CONNECTION_HEADERS.has(name.toLowerCase())) headers.push(name, rpc.headers[name] ?? "");
  }
  for (const cookie of rpc.cookies ?? []) headers.push("set-cookie", setCookie(cookie));
  if (status !== 204 && status !== 304) headers.push("content-length", String(bytes?.length ?? 0));
  if (!request.complete) headers.push("connection", "close");
  response.writeHead(status, headers);
  if (!bytes?.length) response.end();
  else if (bytes.length > ONE_WRITE_BYTES) response.end(bytes);
  else response.end(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1"), "latin1");
}
