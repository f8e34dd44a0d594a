import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import { allRoutes } from "../shared/api/routes/all.ts";
import { problemResponse } from "./http-route.ts";

/** The name is the last of all, since the host takes the first function in name order whose route fits. */
export const UNKNOWN_ROUTE = { name: "unknownRoute", path: "api/{*path}" } as const;

/**
 * Answers what no route of the API takes: 405 naming the methods where the path is one of ours, else 404. The host would send an empty 404 for both.
 * Nothing is said that needs a token.
 */
export function answerUnknownRoute(request: HttpRequest): HttpResponseInit {
  const { pathname } = new URL(request.url);
  const allowed = allRoutes.filter(({ path }) => fits(path, pathname)).map(({ method }) => method);
  return problemResponse({ kind: "unknown-route", method: request.method, path: pathname, allowed: [...new Set(allowed)] });
}

function fits(template: string, pathname: string): boolean {
  const wanted = template.split("/");
  const given = pathname.split("/").slice(1);
  return wanted.length === given.length && wanted.every((part, at) => part.startsWith("{") || part === given[at]?.toLowerCase());
}
