import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const HOST = "127.0.0.1";
/** Ports tried after the one asked for. */
const TRIES = 100;

export type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** An HTTP server that this machine alone reaches, and no page in a browser. */
export interface LoopbackServer {
  /** E.g. `http://127.0.0.1:7072`. */
  readonly address: string;
  readonly port: number;
  /** Takes no more connections and ends those that are open. */
  close(): void;
}

/** Listens on the port, or on the next that is free. @throws {Error} when none of a hundred is. */
export async function listenOnLoopback(port: number, handle: Handle): Promise<LoopbackServer> {
  for (let tried = port; tried < port + TRIES && tried < 65_536; tried++) {
    const server = createServer((request, response) => void guarded(request, response, handle));
    server.keepAliveTimeout = 60_000; // callers keep connections; closing them under a request would cost a repeat
    if (!(await listens(server, tried))) continue;
    const { port: own } = server.address() as AddressInfo;
    const close = () => {
      server.close();
      server.closeAllConnections();
    };
    return { address: `http://${HOST}:${own}`, port: own, close };
  }
  throw new Error(`no port from ${port} to ${port + TRIES - 1} is free; name another`);
}

/** False when the port is taken. */
function listens(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => (error.code === "EADDRINUSE" ? resolve(false) : reject(error)));
    server.listen(port, HOST, () => resolve(true));
  });
}

/**
 * Listening on loopback keeps other machines out, but not a page in this machine's browser: one reaches us by a name of its own that
 * leads to 127.0.0.1 (then Host is that name) or by our address (then it says Origin or Sec-Fetch-Site). Only programs call here.
 */
async function guarded(request: IncomingMessage, response: ServerResponse, handle: Handle): Promise<void> {
  const { host, origin, "sec-fetch-site": site } = request.headers;
  const port = request.socket.localPort;
  const own = ["127.0.0.1", "localhost", "[::1]"].some((name) => host?.toLowerCase() === `${name}:${port}`);
  if (own && origin === undefined && (site === undefined || site === "none")) return await handle(request, response);
  const wrong = own ? "no page in a browser may call here" : `the Host header must name 127.0.0.1:${port}`;
  const body = JSON.stringify({ error: { code: "Forbidden", message: `Refused: ${wrong}` } });
  response.writeHead(403, { "content-type": "application/json", connection: "close" }).end(body);
}
