import type { HostResponse } from "../contract.ts";
import type { FunctionEndpoint } from "./function-endpoint.ts";
import type { HostEndpointsOptions } from "./host-endpoints.ts";
import { handleHostPath, isHostPath } from "./host-endpoints.ts";
import type { RequestHandler } from "./loopback-server.ts";
import { requestSegments } from "./request-path.ts";
import { respond } from "./respond.ts";
import type { RouteTable } from "./route-table.ts";

export interface AppHandlerOptions {
  routes: RouteTable;
  functions: FunctionEndpoint;
  host: HostEndpointsOptions;
  homePage: HostResponse;
}

/** Everything behind the guard: the host's own paths, the app's functions, the home page, 404. */
export function appHandler(options: AppHandlerOptions): RequestHandler {
  return async (request, response) => {
    const url = request.url ?? "/";
    const mark = url.indexOf("?");
    const path = requestSegments(mark < 0 ? url : url.slice(0, mark));
    if (!path) return respond(request, response, { status: 400, body: "The path is not well encoded.\n" });
    const query = mark < 0 ? undefined : new URLSearchParams(url.slice(mark + 1));
    if (isHostPath(path)) return handleHostPath(options.host, request, response, path, query);
    const match = options.routes.match(request.method ?? "", path);
    if (match) return options.functions.handle(request, response, match, query);
    respond(request, response, path.length === 0 && request.method === "GET" ? options.homePage : { status: 404 });
  };
}
