import { timingSafeEqual } from "node:crypto";
import type { Durable } from "../contract.ts";
import { answerHostRequest, rawRest } from "./host-endpoints.ts";
import { toHostRequest } from "./host-request.ts";
import type { RequestHandler } from "./loopback-server.ts";
import { respond } from "./respond.ts";

/**
 * The endpoint that the JavaScript durable client talks to: `/{secret}/durabletask/…`. The client sends no key here, so the
 * secret is in the path. Nothing of it leaves this process: what the function goes on to do is later in the same log, and its own answer to
 * the world waits for the disk.
 */
export function rpcHandler(options: { secret: string; durable: Durable; bodyLimitBytes: number }): RequestHandler {
  return async (request, response) => {
    const [path = "", search] = (request.url ?? "").split("?", 2);
    const [, secret = "", mount] = path.split("/", 3);
    if (!sameLength(secret, options.secret) || mount !== "durabletask") return respond(request, response, { status: 404 });
    const query = new URLSearchParams(search);
    await answerHostRequest(
      request,
      response,
      () => options.durable.committed(),
      async () => options.durable.handle(await toHostRequest(request, rawRest(request.url ?? "", 2), query, options.bodyLimitBytes)),
    );
  };
}

function sameLength(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
