import { HttpRequest } from "@azure/functions";
import { describe, expect, test } from "vitest";
import { routes } from "../../functions/registry.ts";
import { answerUnknownRoute, UNKNOWN_ROUTE } from "../../functions/unknown-route.ts";

describe("answerUnknownRoute", () => {
  test.each([
    ["GET", "/api/nothing", 404, "GET /api/openapi.json"],
    ["GET", "/api", 404, "GET /api/openapi.json"],
    ["DELETE", "/api/runs", 405, "it takes POST, GET"],
    ["HEAD", "/API/Workspace", 405, "it takes GET"],
    ["PUT", "/api/runs/00000000-0000-0000-0000-000000000000/metrics?x=1", 405, "it takes GET, POST"],
  ])("%s %s is a %i that says where to go", (method, path, status, remedy) => {
    const answer = answerUnknownRoute(new HttpRequest({ method, url: `http://localhost${path}` }));

    expect(answer.status).toBe(status);
    expect(JSON.parse(String(answer.body))).toMatchObject({ status, remedy: expect.stringContaining(remedy) });
  });

  test("names the methods in Allow", () => {
    const { headers } = answerUnknownRoute(new HttpRequest({ method: "PATCH", url: "http://localhost/api/runs" }));

    expect(new Headers(headers as Record<string, string>).get("allow")).toBe("POST, GET");
  });

  test("is the last function in name order, so that it hides none", () => {
    const names = routes.map(({ route }) => route.name.toUpperCase());

    expect(names.every((name) => name < UNKNOWN_ROUTE.name.toUpperCase())).toBe(true);
  });
});
