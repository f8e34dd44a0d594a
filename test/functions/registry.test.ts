import { describe, expect, test } from "vitest";
import { activities, eventTriggers, orchestrators, routes, timers } from "../../functions/registry.ts";
import { openApiDocument } from "../../shared/api/openapi.ts";
import { allRoutes } from "../../shared/api/routes/all.ts";

describe("registry", () => {
  test("binds every route of the API, and no other", () => {
    expect(routes.map(({ route }) => route.name).sort()).toEqual(allRoutes.map(({ name }) => name).sort());
  });

  test("gives every function a name of its own, also ignoring case", () => {
    const names = [
      ...routes.map(({ route }) => route.name),
      ...[orchestrators, activities, eventTriggers, timers].flatMap(Object.keys),
    ].map((name) => name.toLowerCase());

    expect(new Set(names).size).toBe(names.length);
  });

  test("no route hides another: the host takes the first in name order whose template fits", () => {
    const sorted = [...routes].sort((a, b) => (a.route.name.toLowerCase() < b.route.name.toLowerCase() ? -1 : 1));

    const hidden = sorted.flatMap(({ route }, index) =>
      sorted
        .slice(0, index)
        .flatMap(({ route: earlier }) =>
          earlier.method === route.method && fits(earlier.path, route.path) ? [`${earlier.name} hides ${route.name}`] : [],
        ),
    );

    expect(hidden).toEqual([]);
  });

  test("every route names a role, and those that a step's token may use say so", () => {
    expect(allRoutes.filter((route) => route.stepToken).map((route) => route.name)).toEqual([
      "getRun",
      "patchRun",
      "listMetrics",
      "logMetrics",
      "listArtifacts",
      "getArtifact",
      "putArtifact",
      "createChildRun",
      "listChildRuns",
      "endRun",
    ]);
    for (const route of allRoutes) expect(["Reader", "Submitter", "Author", "Admin"]).toContain(route.role);
  });
});

describe("OpenAPI document", () => {
  test("has every route under its path and method", () => {
    const { paths } = openApiDocument();

    for (const route of allRoutes)
      expect(paths?.[`/${route.path}`]).toHaveProperty([route.method.toLowerCase(), "operationId"], route.name);
  });

  test("names every schema that it refers to", () => {
    const document = openApiDocument();

    const refs = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1]);
    expect(refs.length).toBeGreaterThan(10);
    for (const name of refs) expect(document.components?.schemas).toHaveProperty(String(name));
  });
});

/** Whether a template, with its parameters filled in, can be the other's path. */
function fits(template: string, path: string): boolean {
  const pattern = template.split("/").map((part) => (part.startsWith("{") ? "[^/]+" : part.replaceAll(".", "\\.")));
  return new RegExp(`^${pattern.join("/")}$`, "i").test(path);
}
