import { describe, expect, test } from "vitest";
import { z } from "zod";
import { openApiDocument } from "../../../shared/api/openapi.ts";
import { queryNumber } from "../../../shared/api/query-number.ts";

describe("queryNumber", () => {
  const schema = queryNumber(z.number().min(-9).max(25));

  test.each([
    ["0", 0],
    ["-9", -9],
    ["0.5", 0.5],
    ["1e-7", 1e-7],
    [25, 25],
  ])("takes %j", (text, number) => {
    expect(schema.parse(text)).toBe(number);
  });

  test.each(["", " ", "0x10", "1_000", " 5", "5 ", "NaN", "Infinity", "1e400", ".5", "true", "٥"])("does not take %j", (text) => {
    expect(schema.safeParse(text).success).toBe(false);
  });
});

describe("the OpenAPI document", () => {
  test("says of numbers in a query that they are numbers", () => {
    const parameters = JSON.stringify(openApiDocument().paths?.["/api/runs"]?.get?.parameters);

    expect(parameters).toMatch(/"limit","schema":\{"type":"integer","minimum":1,"maximum":1000/);
  });

  test("says that a log is text", () => {
    const reply = openApiDocument().paths?.["/api/runs/{runId}/logs/content"]?.get?.responses?.["200"];

    expect(Object.keys((reply as { content: object }).content)).toEqual(["text/plain"]);
  });
});
