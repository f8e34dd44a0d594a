import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asJson, JsonReader } from "../../../../local/host/durable/json-reader.ts";

describe("JSON as Newtonsoft reads it", () => {
  test("is JSON where the text is JSON", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(JSON.parse(JsonReader.normalize(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  test.each([
    ["{a: 'b'}", '{"a":"b"}'],
    ["[1,]", "[1]"],
    ["/* note */ true // so", "true"],
    ["undefined", "undefined"],
    ["-Infinity", "-Infinity"],
    [".5", "0.5"],
  ])("takes %s", (text, json) => {
    expect(JsonReader.normalize(text)).toBe(json);
  });

  test.each([
    ["plain", "Unexpected character encountered while parsing value: p. Path '', line 0, position 0."],
    ["{bad", "Unexpected end while parsing unquoted property name. Path '', line 1, position 4."],
    ["{not json", "Invalid character after parsing property name. Expected ':' but got: j. Path '', line 1, position 5."],
    ["", "Error reading JToken from JsonReader. Path '', line 0, position 0."],
    ['{"a":[1,\n"x', "Unterminated string. Expected delimiter: \". Path 'a[1]', line 2, position 2."],
    ["1 2", "Additional text encountered after finished reading JSON content: 2. Path '', line 1, position 2."],
  ])("refuses %s with its words", (text, message) => {
    expect(() => JsonReader.normalize(text)).toThrow(message);
  });

  test("stands in a status as a string where it cannot be read", () => {
    expect(["no longer wanted", '{"why":1}', "undefined", null].map(asJson)).toEqual([
      '"no longer wanted"',
      '{"why":1}',
      "undefined",
      "null",
    ]);
  });
});
