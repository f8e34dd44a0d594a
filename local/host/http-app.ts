import type { Durable, HostLog, Worker } from "./contract.ts";
import { eventGridWebhook } from "./event-grid.ts";
import { adminEndpoints } from "./http/admin-endpoints.ts";
import { appHandler } from "./http/app-handler.ts";
import { FunctionEndpoint } from "./http/function-endpoint.ts";
import { homePage } from "./http/home-page.ts";
import type { Webhook } from "./http/host-endpoints.ts";
import type { Keys } from "./http/keys.ts";
import type { RequestHandler } from "./http/loopback-server.ts";
import { RouteTable } from "./http/route-table.ts";
import { Throttle } from "./http/throttle.ts";
import { throttled } from "./http/throttled.ts";
import { runOnce } from "./run-once.ts";
import { expandSettings } from "./settings/environment.ts";
import type { HostJson } from "./settings/host-json.ts";

export interface HttpAppOptions {
  worker: Worker;
  durable: Durable;
  keys: Keys;
  hostJson: HostJson;
  enforceKeys: boolean;
  isDisabled: (functionName: string) => boolean;
  bodyLimitBytes: number;
  address: string;
  log: HostLog;
}

/** Puts the HTTP half together: the app's routes, the host's own endpoints, the webhooks of its extensions. */
export function httpApp(options: HttpAppOptions): RequestHandler {
  const { worker, durable: engine, keys, log, isDisabled, bodyLimitBytes, address } = options;
  const durable = () => engine.durable();
  const { http } = options.hostJson.extensions;
  const routes = RouteTable.of(worker.functions.values(), { routePrefix: http.routePrefix, expand: expandSettings, log });
  const webhooks = new Map<string, Webhook>([
    ["durabletask", (request) => engine.handle(request)],
    ["eventgrid", eventGridWebhook(worker, log, isDisabled)],
  ]);
  const admin = adminEndpoints({
    worker,
    routes,
    keys,
    origin: address,
    isDisabled,
    runOnce: (f, input) => runOnce(worker, log, f, input),
  });
  const answer = appHandler({
    routes,
    functions: new FunctionEndpoint({
      worker,
      keys,
      enforceKeys: options.enforceKeys,
      isDisabled,
      bodyLimitBytes,
      since: () => engine.since(),
      log,
    }),
    host: { keys, admin, webhooks, bodyLimitBytes, durable, committed: () => engine.committed() },
    homePage: homePage(process.env),
  });
  return throttled(new Throttle(http), answer);
}
