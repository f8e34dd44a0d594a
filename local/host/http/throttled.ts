import type { ServerResponse } from "node:http";
import type { RequestHandler } from "./loopback-server.ts";
import { respond } from "./respond.ts";
import type { Throttle } from "./throttle.ts";

/**
 * Puts a throttle before a handler, where the real host has its own: before keys and routes, with 429 and no body, and around everything but
 * `/admin`, webhooks included. A request is under way until its answer has been taken, so a reader who dawdles keeps its place.
 */
export function throttled(throttle: Throttle, handle: RequestHandler): RequestHandler {
  if (!throttle.isOn) return handle;
  return async (request, response) => {
    if (/^\/admin(?:[/?]|$)/i.test(request.url ?? "")) return await handle(request, response);
    if (throttle.full) return respond(request, response, { status: 429 });
    await throttle.run(async () => {
      await handle(request, response);
      await taken(response);
    });
  };
}

/** Resolves when an answer has been taken, or nobody is there to take it. */
function taken(response: ServerResponse): Promise<void> {
  if (response.writableFinished || response.destroyed || response.closed) return Promise.resolve();
  return new Promise((resolve) => response.once("close", resolve));
}
