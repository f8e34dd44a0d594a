import { once } from "node:events";
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { HostLog, HostResponse } from "../contract.ts";
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

const MAX_URL_LENGTH = 8 * 1024;
const READS = new Set(["GET", "HEAD", "OPTIONS"]);
const STOPPING: HostResponse = { status: 503, body: "The host is stopping.\n" };
/** Times in milliseconds. The headers have to come at once, a large body may take its time, an answer may take for ever. */
const SERVER_OPTIONS: ServerOptions = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 15_000,
  requestTimeout: 300_000,
  keepAliveTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
};

/**
 * Listens on 127.0.0.1 alone, on a free port if `port` is 0. Every request meets the guard before anything else.
 * @throws {PortInUseError}
 */
export async function listenLoopback(options: { port: number; handle: RequestHandler; log: HostLog }): Promise<LoopbackServer> {
  const running = new Map<ServerResponse, IncomingMessage>();
  const state: { guard: Guard; stopped: Promise<void> | undefined } = {
    guard: () => "Refused: the server is not ready.",
    stopped: undefined,
  };
  const server = createServer(SERVER_OPTIONS, (request, response) => {
    const refusal = refuse(request, state.guard) ?? (state.stopped ? STOPPING : undefined);
    if (refusal) return respond(request, response, refusal);
    running.set(response, request);
    response.on("close", () => running.delete(response));
    options.handle(request, response).catch((error: unknown) => {
      options.log("error", `A request failed inside the host: ${error instanceof Error ? error.stack : String(error)}`);
      respond(request, response, { status: 500 });
    });
  });
  server.on("clientError", answerMalformed);
  server.on("connect", refuseTunnel);
  const port = await listen(server, options.port);
  state.guard = loopbackGuard(port);
  return {
    port,
    stop(graceMs) {
      state.stopped ??= stopServer(server, running, graceMs);
      return state.stopped;
    },
  };
}

async function stopServer(server: Server, running: ReadonlyMap<ServerResponse, IncomingMessage>, graceMs: number): Promise<void> {
  const closed = once(server, "close");
  server.close();
  for (const [response, request] of running) {
    response.shouldKeepAlive = false;
    if (READS.has(request.method ?? "")) respond(request, response, STOPPING);
  }
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}

function refuse(request: IncomingMessage, guard: Guard): HostResponse | undefined {
  const refusal = guard(request);
  if (refusal) return { status: 403, body: `${refusal}\n` };
  const url = request.url ?? "";
  if (url.length > MAX_URL_LENGTH) return { status: 414, body: `The URL is longer than ${MAX_URL_LENGTH} characters.\n` };
  if (url[0] !== "/" || /[^\x21-\x7e]/.test(url))
    return { status: 400, body: "The request target must be a path of printable ASCII characters that begins with a slash.\n" };
  return undefined;
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen({ port, host: "127.0.0.1", backlog: 511 });
  try {
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") throw new PortInUseError(port, { cause: error });
    throw error;
  }
}

/** What Node's parser refused: it has no request to answer, only a connection. */
function answerMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
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

/** Nobody tunnels through this server. Node has let go of the socket by then, its errors included. */
function refuseTunnel(_: IncomingMessage, socket: Duplex): void {
  socket.on("error", () => {});
  socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
}
