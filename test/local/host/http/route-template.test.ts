import { describe, expect, test } from "vitest";
import { matchRoute } from "../../../../local/host/http/match-route.ts";
import { requestSegments } from "../../../../local/host/http/request-path.ts";
import { routeOverlap } from "../../../../local/host/http/route-overlap.ts";
import { parseRouteTemplate } from "../../../../local/host/http/route-template.ts";
import { RouteTemplateError } from "../../../../local/host/http/route-template-error.ts";

/** The values, or "no" where the path does not fit. */
function match(template: string, path: string): Record<string, string> | "no" {
  const segments = requestSegments(path);
  const values = segments && matchRoute(parseRouteTemplate(template), segments);
  return values ? { ...values } : "no";
}

describe("a route template", () => {
  test.each([
    ["runs", "/runs", {}],
    ["runs", "/RUNS/", {}],
    ["/runs/", "/runs", {}],
    ["runs", "/runs/1", "no"],
    ["runs", "/run", "no"],
    ["", "/", {}],
    ["", "/x", "no"],
    ["runs/{id}", "/runs/a%20b", { id: "a b" }],
    ["runs/{id}", "/runs/a%2Fb", { id: "a%2Fb" }],
    ["runs/{id}", "/runs/%C3%A9", { id: "é" }],
    ["runs/{id}", "/runs/", "no"],
    ["runs/{id}", "/runs//", "no"],
    ["Runs/{Id}", "/runs/AbC", { Id: "AbC" }],
    ["runs/{id?}", "/runs", {}],
    ["runs/{id?}", "/runs/1", { id: "1" }],
    ["runs/{id=latest}", "/runs", { id: "latest" }],
    ["runs/{id=latest}/{page=1}", "/runs/7", { id: "7", page: "1" }],
    ["files/{*rest}", "/files/a/b%20c/d", { rest: "a/b c/d" }],
    ["files/{**rest}", "/files/a", { rest: "a" }],
    ["files/{*rest}", "/files", {}],
    ["files/{*rest=index.html}", "/files/", { rest: "index.html" }],
    ["files/{name}.{ext}", "/files/a.b.c", { name: "a.b", ext: "c" }],
    ["files/{name}.{ext}", "/files/a", "no"],
    ["files/{name}.{ext}", "/files/.c", "no"],
    ["files/{name}.{ext?}", "/files/a", { name: "a" }],
    ["files/{name}.{ext?}", "/files/a.txt", { name: "a", ext: "txt" }],
    ["files/{name}.{ext?}", "/files/a.", "no"],
    ["v{major}.{minor}-beta", "/V1.2-BETA", { major: "1", minor: "2" }],
    ["v{major}.{minor}-beta", "/v1.2-betas", "no"],
    ["a{{b}}", "/a%7Bb%7D", {}],
    ["x/{a:int}/y", "/x/5/y", { a: "5" }],
    ["a/b", "/a/./c/../b", {}],
    ["a/b", "/a/%2e%2e/a/b", {}],
  ])("%s on %s gives %j", (template, path, expected) => {
    expect(match(template, path)).toEqual(expected);
  });

  test.each([
    ["int", ["0", "-5", "2147483647"], ["2147483648", "1.5", "x", "1e3"]],
    ["long", ["9223372036854775807"], ["9223372036854775808"]],
    ["bool", ["true", "FALSE"], ["1", "yes"]],
    [
      "guid",
      ["6F9619FF-8B86-D011-B42D-00C04FC964FF", "6f9619ff8b86d011b42d00c04fc964ff"],
      ["6f9619ff", "6F9619FF-8B86-D011-B42D-00C04FC964FG"],
    ],
    ["alpha", ["abcXYZ"], ["a1", "é"]],
    ["datetime", ["2026-01-02", "2026-01-02T03:04:05Z"], ["yesterday"]],
    ["decimal", ["1", "-1.50", "1,000.5"], ["1e5", "x"]],
    ["double", ["1e5", "-.5"], ["x"]],
    ["float", ["1.5"], ["x"]],
    ["length(3)", ["abc"], ["ab", "abcd"]],
    ["length(2,3)", ["ab", "abc"], ["a", "abcd"]],
    ["minlength(2)", ["ab"], ["a"]],
    ["maxlength(2)", ["ab"], ["abc"]],
    ["min(3)", ["3", "40"], ["2", "x"]],
    ["max(3)", ["3", "-1"], ["4"]],
    ["range(2,4)", ["2", "4"], ["1", "5"]],
    [String.raw`regex(^\d{{3}}-(a|b)$)`, ["123-a", "456-B"], ["12-a", "123-c"]],
    ["required", ["x"], []],
    ["int:min(5)", ["5"], ["4", "x"]],
  ])("constraint %s takes %j and not %j", (constraint, good, bad) => {
    const fits = (value: string) => match(`x/{v:${constraint}}`, `/x/${value}`) !== "no";

    expect(good.filter((value) => !fits(value))).toEqual([]);
    expect(bad.filter(fits)).toEqual([]);
  });

  test("an absent optional parameter meets any constraint, and a default needs none", () => {
    expect(match("x/{v:int?}", "/x")).toEqual({});
    expect(match("x/{v:int=7}", "/x")).toEqual({ v: "7" });
  });

  test.each([
    "a//b",
    "{",
    "a}",
    "{a}{b}",
    "{a}/{A}",
    "{*rest}/x",
    "x{*rest}",
    "{a?}/b",
    "{a}-{b?}",
    "{a:nosuch}",
    "{a:min(x)}",
    "{a:regex([)}",
    "{}",
    "{*a?}",
  ])("%s is refused", (template) => {
    expect(() => parseRouteTemplate(template)).toThrow(RouteTemplateError);
  });
});

describe("two templates", () => {
  test.each([
    ["items/{id}", "items/recent", "hides"],
    ["items/recent", "items/{id}", "narrower"],
    ["items/{id:int}", "items/recent", "none"],
    ["items/{id}", "items/{name}", "hides"],
    ["items/{id}", "things/{id}", "none"],
    ["items", "items/{id?}", "narrower"],
    ["items", "items/{id}", "none"],
    ["items/{id}/a", "items/{id}/b", "none"],
    ["{*rest}", "items", "hides"],
    ["items", "{*rest}", "narrower"],
    ["files/{name}.{ext}", "files/a.txt", "hides"],
    ["files/{name}.{ext}", "files/readme", "none"],
    ["a/{x}", "{y}/b", "hides"],
  ])("%s before %s: %s", (first, second, expected) => {
    expect(routeOverlap(parseRouteTemplate(first), parseRouteTemplate(second))).toBe(expected);
  });
});
