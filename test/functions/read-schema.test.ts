import { describe, expect, test } from "vitest";
import { z } from "zod";
import { readSchema } from "../../functions/read-schema.ts";
import { routes } from "../../functions/registry.ts";

describe("readSchema", () => {
  test.each(routes.map(({ route }) => [route.name, route] as const))(
    "knows every kind of schema of %s",
    (_name, { body, query, params, headers }) => {
      const schemas = [body, query, params, headers].filter((schema) => schema !== undefined && schema !== "bytes");

      const read = () => schemas.map((schema) => readSchema(schema, undefined));

      expect(read).not.toThrow();
    },
  );

  test("says of a kind that it does not know that it does not", () => {
    const schema = z.object({ pair: z.tuple([z.string(), z.array(z.string())]) });

    expect(() => readSchema(schema, {})).toThrow("a schema of kind tuple is not known here");
  });

  test("stops looking after a hundred wrong elements, and takes as many right ones as there are", () => {
    const schema = z.object({ list: z.array(z.string()) });

    const wrong = readSchema(schema, { list: Array.from({ length: 5000 }, () => 1) });
    const right = readSchema(schema, { list: Array.from({ length: 5000 }, () => "a") });

    expect("issues" in wrong && wrong.issues).toHaveLength(100);
    expect("data" in right && (right.data as { list: string[] }).list).toHaveLength(5000);
  });
});
