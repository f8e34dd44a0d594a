import { describe, expect, test } from "vitest";
import { resolveParameters, toText } from "../../../shared/domain/parameters.ts";
import { aGraph } from "../../support/graphs.ts";

const graph = aGraph(
  { a: [] },
  {
    parameters: {
      rate: { type: "float", default: 0.1 },
      epochs: { type: "int", default: 5 },
      name: { type: "string", default: "x" },
      shuffle: { type: "bool", default: true },
    },
  },
);

describe("resolveParameters", () => {
  test("gives defaults, and over them what the submit says, each with its origin", () => {
    const { values, problems } = resolveParameters(graph, { rate: 0.2 });

    expect(problems).toEqual([]);
    expect(values).toEqual({
      rate: { value: 0.2, origin: "submit" },
      epochs: { value: 5, origin: "default" },
      name: { value: "x", origin: "default" },
      shuffle: { value: true, origin: "default" },
    });
  });

  test.each([
    ["epochs", "12", 12],
    ["rate", "1e-3", 0.001],
    ["shuffle", "False", false],
    ["name", 7, "7"],
  ])("takes a text for what parameter %s is", (name, given, expected) => {
    expect(resolveParameters(graph, { [name]: given }).values[name]?.value).toBe(expected);
  });

  test.each([
    ["epochs", 1.5],
    ["epochs", ""],
    ["epochs", "0x10"],
    ["rate", "fast"],
    ["shuffle", "yes"],
    ["shuffle", 1],
  ])("refuses %s = %j and says of which type it is", (name, given) => {
    const { problems } = resolveParameters(graph, { [name]: given });

    expect(problems).toHaveLength(1);
    expect(problems[0]?.pointer).toBe(`/parameters/${name}`);
    expect(problems[0]?.remedy).toContain("is of type");
  });

  test("refuses a parameter that nobody declared and names those there are", () => {
    expect(resolveParameters(graph, { speed: 1 }).problems).toEqual([
      {
        pointer: "/parameters/speed",
        message: 'the pipeline declares no parameter "speed"',
        remedy: "it declares: rate, epochs, name, shuffle",
      },
    ]);
  });

  test("is not fooled by names that every object has", () => {
    expect(resolveParameters(graph, { constructor: 1 }).problems).toHaveLength(1);
  });
});

test("truth values are written as Python writes them", () => {
  expect([true, false, 1.5, "a"].map(toText)).toEqual(["True", "False", "1.5", "a"]);
});
