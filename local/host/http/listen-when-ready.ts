import type { HostLog } from "../contract.ts";
import type { LoopbackServer, RequestHandler } from "./loopback-server.ts";
import { listenLoopback } from "./loopback-server.ts";

/** A server whose requests wait until it is told what to do with them. */
export interface WaitingServer extends LoopbackServer {
  open(handle: RequestHandler): void;
}

/**
 * Takes a port before there is anything to answer with.
 * @throws {PortInUseError}
 */
export async function listenWhenReady(port: number, log: HostLog): Promise<WaitingServer> {
  const opened = Promise.withResolvers<RequestHandler>();
  let handle: RequestHandler = async (request, response) => (await opened.promise)(request, response);
  const server = await listenLoopback({ port, log, handle: (request, response) => handle(request, response) });
  return {
    ...server,
    open(ready) {
      handle = ready;
      opened.resolve(ready);
    },
  };
}
