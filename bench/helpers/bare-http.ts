import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Role } from "./role.ts";

/** A server that reads a request whole and answers two bytes. Answers where it is. */
export async function openBareHttp(_args: readonly string[]): Promise<Role> {
  const server = createServer((request, response) => {
    request.resume();
    request.once("end", () => response.writeHead(200, { "content-type": "text/plain", "content-length": 2 }).end("ok"));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return async () => ({ port: (server.address() as AddressInfo).port });
}
