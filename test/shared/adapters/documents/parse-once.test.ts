import { expect, test } from "vitest";
import { z } from "zod";
import { parseOnce } from "../../../../shared/adapters/documents/parse-once.ts";

const Pair = z.object({ a: z.int().default(7), more: z.array(z.object({ b: z.string() })) });

test("reads a value once, and nobody can change what came of it", () => {
  const value = { more: [{ b: "x" }] };

  const first = parseOnce(Pair, value);
  const second = parseOnce(Pair, value);

  expect(first.data).toEqual({ a: 7, more: [{ b: "x" }] });
  expect(second.data).toBe(first.data);
  expect(() => first.data?.more.push({ b: "y" })).toThrow(TypeError);
  expect(() => Object.assign(first.data?.more[0] ?? {}, { b: "y" })).toThrow(TypeError);
});

test("reads the same value by each schema, and equal values each for itself", () => {
  const value = { more: [], c: true };

  expect(parseOnce(Pair, value).data).toEqual({ a: 7, more: [] });
  expect(parseOnce(z.object({ c: z.boolean() }), value).data).toEqual({ c: true });
  expect(parseOnce(Pair, { more: [] }).data).not.toBe(parseOnce(Pair, { more: [] }).data);
});

test("says of a value each time what is wrong with it, also where it is none that can be kept", () => {
  const value = { more: 3 };

  expect(parseOnce(Pair, value).error?.issues[0]?.path).toEqual(["more"]);
  expect(parseOnce(Pair, value).error?.issues[0]?.path).toEqual(["more"]);
  expect(parseOnce(Pair, undefined).success).toBe(false);
  expect(parseOnce(z.string(), "text").data).toBe("text");
});
