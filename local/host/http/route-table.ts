import type { HostLog, RegisteredFunction } from "../contract.ts";
import { SettingsError } from "../settings/settings-error.ts";
import type { RouteValues } from "./match-route.ts";
import { matchRoute } from "./match-route.ts";
import { routeOverlap } from "./route-overlap.ts";
import type { Segment } from "./route-template.ts";
import { parseRouteTemplate } from "./route-template.ts";
import { RouteTemplateError } from "./route-template-error.ts";

export type AuthLevel = "anonymous" | "user" | "function" | "system" | "admin";

/** An HTTP function, ready to be matched. */
export interface HttpRoute {
  readonly function: RegisteredFunction;
  /** With the prefix, without a leading slash. */
  readonly template: string;
  readonly segments: readonly Segment[];
  /** Upper case. */
  readonly methods: ReadonlySet<string>;
  readonly authLevel: AuthLevel;
}

export interface RouteMatch {
  route: HttpRoute;
  values: RouteValues;
}

const LEVELS = new Set<AuthLevel>(["anonymous", "user", "function", "system", "admin"]);
/** Begins-with, as in the real host: a route `administrators` is refused as well. */
const RESERVED = /^\/?(?:admin|runtime)/i;
const ALL_METHODS = ["GET", "POST", "DELETE", "HEAD", "PATCH", "PUT", "OPTIONS", "TRACE", "CONNECT"];

/**
 * The routes of an app. There is no precedence: functions are tried in order of their names and the first that fits wins,
 * as in Azure. A wrong method does not fit, so it ends as 404.
 */
export class RouteTable {
  readonly routes: readonly HttpRoute[];
  readonly #byMethod = new Map<string, HttpRoute[]>();

  private constructor(routes: readonly HttpRoute[]) {
    this.routes = routes;
    for (const route of routes) {
      for (const method of route.methods) this.#byMethod.set(method, [...(this.#byMethod.get(method) ?? []), route]);
    }
  }

  /** A function whose route cannot be mapped is logged as an error and left out; two that can fit one path are warned of. */
  static of(
    functions: Iterable<RegisteredFunction>,
    options: { routePrefix: string; expand?: (text: string) => string; log: HostLog },
  ): RouteTable {
    const routes: HttpRoute[] = [];
    for (const f of [...functions].filter(isHttp).sort(byName)) {
      try {
        const route = toRoute(f, options.routePrefix, options.expand ?? ((text) => text));
        refuseDuplicate(route, routes);
        routes.push(route);
      } catch (error) {
        if (!(error instanceof RouteTemplateError || error instanceof SettingsError)) throw error;
        options.log("error", `Function "${f.name}" is not reachable: ${error.message}`, { functionName: f.name });
      }
    }
    warnOfOverlaps(routes, options.log);
    return new RouteTable(routes);
  }

  match(method: string, path: readonly string[]): RouteMatch | undefined {
    for (const route of this.#byMethod.get(method) ?? []) {
      const values = matchRoute(route.segments, path);
      if (values) return { route, values };
    }
    return undefined;
  }
}

const isHttp = (f: RegisteredFunction): boolean => f.trigger.binding.type.toLowerCase() === "httptrigger";

/** Ordinal, ignoring case. */
function byName(a: RegisteredFunction, b: RegisteredFunction): number {
  const [x, y] = [a.name.toUpperCase(), b.name.toUpperCase()];
  return x < y ? -1 : x > y ? 1 : 0;
}

function toRoute(f: RegisteredFunction, routePrefix: string, expand: (text: string) => string): HttpRoute {
  const { route, methods, authLevel } = f.trigger.binding;
  const own = typeof route === "string" ? expand(route) : f.name;
  if (RESERVED.test(own))
    throw new RouteTemplateError(`its route "${own}" begins with "admin" or "runtime", which are the host's own; choose another.`);
  const template = [routePrefix, own]
    .map((part) => part.replace(/^\/+|\/+$/g, ""))
    .filter(Boolean)
    .join("/");
  const level = String(authLevel ?? "function").toLowerCase() as AuthLevel;
  if (!LEVELS.has(level)) throw new RouteTemplateError(`its authLevel "${String(authLevel)}" is none of ${[...LEVELS].join(", ")}.`);
  return { function: f, template, segments: parseRouteTemplate(template), methods: methodSet(methods), authLevel: level };
}

function methodSet(methods: unknown): Set<string> {
  const listed = Array.isArray(methods) ? methods.map((method) => String(method).toUpperCase()) : [];
  return new Set(listed.length > 0 ? listed : ALL_METHODS);
}

const shareMethod = (a: HttpRoute, b: HttpRoute): boolean => [...a.methods].some((method) => b.methods.has(method));

function refuseDuplicate(route: HttpRoute, earlier: readonly HttpRoute[]): void {
  const twin = earlier.find((other) => other.template.toLowerCase() === route.template.toLowerCase() && shareMethod(other, route));
  if (twin)
    throw new RouteTemplateError(
      `its route "${route.template}" is that of "${twin.function.name}" too, with a method in common; change one of them.`,
    );
}

function warnOfOverlaps(routes: readonly HttpRoute[], log: HostLog): void {
  routes.forEach((first, i) => {
    for (const second of routes.slice(i + 1)) {
      if (!shareMethod(first, second)) continue;
      const overlap = routeOverlap(first.segments, second.segments);
      if (overlap === "none") continue;
      const message = `Routes "${first.template}" (${first.function.name}) and "${second.template}" (${second.function.name}) can fit the same path; "${first.function.name}" gets it, being first by name.`;
      log(overlap === "hides" ? "warning" : "debug", message);
    }
  });
}
