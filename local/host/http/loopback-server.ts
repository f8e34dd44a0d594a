import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { HostLog } from "../contract.ts";
import type { Guard } from "./guard.ts";
import { loopbackGuard } from "./guard.ts";
import { PortInUseError } from "./port-in-use-error.ts";
import { respond } from "./respond.ts";

/** `target` is the request line's, known to begin with a slash and to be printable ASCII within the limit. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface LoopbackServer {
  readonly port: number;
  /** Takes no new request, ends reading ones at once (a long poll would wait for nothing), gives writing ones so many milliseconds. */
  stop(graceMs: number): Promise<void>;
}

const MAX_HEADER_BYTES = 16 * 1024;
const MAX_URL_LENGTH = 8 * 1024;
const READS = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Listens on 127.0.0.1 alone, on a free port if `port` is 0. Every request meets the guard before anything else.
 * @throws {PortInUseError}
 */
export async function listenLoopback(options: { port: number; handle: RequestHandler; log: HostLog }): Promise<LoopbackServer> {
  let guard: Guard = () => "Refused: the server is not ready.";
  const running = new Map<ServerResponse, IncomingMessage>();
  let stopping = false;
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: 15_000,
      requestTimeout: 300_000,
      keepAliveTimeout: 30_000,
      connectionsCheckingInterval: 5_000,
      noDelay: true,
    },
    (request, response) => {
      const refusal = refuse(request, guard);
      if (refusal) return respond(request, response, refusal);
      if (stopping) response.shouldKeepAlive = false;
      running.set(response, request);
      response.on("close", () => running.delete(response));
      options.handle(request, response).catch((error: unknown) => {
        options.log("error", `A request failed inside the host: ${error instanceof Error ? error.stack : String(error)}`);
        respond(request, response, { status: 500 });
      });
    },
  );
  server.on("clientError", answerMalformed);
  server.on("connect", (_, socket: Socket) => socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"));
  await listen(server, options.port);
  const { port } = server.address() as AddressInfo;
  guard = loopbackGuard(port);
  return {
    port,
    async stop(graceMs) {
      stopping = true;
      const closed = once(server, "close");
      server.close();
      for (const [response, request] of running) {
        response.shouldKeepAlive = false;
        if (READS.has(request.method ?? "")) respond(request, response, { status: 503, body: "The host is stopping." });
      }
      const timer = setTimeout(() => server.closeAllConnections(), graceMs);
      server.closeIdleConnections();
      await closed;
      clearTimeout(timer);
    },
  };
}

function refuse(request: IncomingMessage, guard: Guard) {
  const refusal = guard(request);
  if (refusal) return { status: 403, body: `${refusal}\n` };
  const url = request.url ?? "";
  if (url.length > MAX_URL_LENGTH) return { status: 414, body: `The URL is longer than ${MAX_URL_LENGTH} characters.\n` };
  if (url[0] !== "/" || /[^\x21-\x7e]/.test(url))
    return { status: 400, body: "The request target must be a path of printable ASCII characters that begins with a slash.\n" };
  return undefined;
}

async function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  server.listen({ port, host: "127.0.0.1", backlog: 511 });
  try {
    await once(server, "listening");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") throw new PortInUseError(port, { cause: error });
    throw error;
  }
}

/** What Node's parser refused: it has no request to answer, only a connection. */
function answerMalformed(error: NodeJS.ErrnoException, socket: import("node:stream").Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const status =
    error.code === "HPE_HEADER_OVERFLOW"
      ? "431 Request Header Fields Too Large"
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? "408 Request Timeout"
        : "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
