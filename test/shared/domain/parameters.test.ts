import { describe, expect, test } from "vitest";
import { resolveParameters, toText } from "../../../shared/domain/parameters.ts";
import type { GivenValue } from "../../../shared/domain/pipeline-parameter.ts";
import { aGraph } from "../../support/graphs.ts";

const graph = withParameters({
  rate: { type: "float", default: 0.1 },
  epochs: { type: "int", default: 5 },
  name: { type: "string", default: "x" },
  shuffle: { type: "bool", default: true },
});

function withParameters(parameters: Record<string, unknown>) {
  return aGraph({ a: [] }, { parameters });
}

function submit(values: Record<string, GivenValue>, of = graph) {
  return resolveParameters(of, [{ origin: "submit", values }]);
}

describe("resolveParameters", () => {
  test("gives defaults, and over them what the submit says, each with its origin", () => {
    const { values, problems } = submit({ rate: 0.2 });

    expect(problems).toEqual([]);
    expect(values).toEqual({
      rate: { value: 0.2, origin: "submit" },
      epochs: { value: 5, origin: "default" },
      name: { value: "x", origin: "default" },
      shuffle: { value: true, origin: "default" },
    });
  });

  test("takes the last of those who give a value, and says who it was", () => {
    const { values } = resolveParameters(graph, [
      { origin: "schedule", values: { rate: 0.2, epochs: 6 } },
      { origin: "blob", values: { rate: 0.3 } },
    ]);

    expect(values).toMatchObject({ rate: { value: 0.3, origin: "blob" }, epochs: { value: 6, origin: "schedule" } });
  });

  test.each([
    ["epochs", "12", 12],
    ["rate", "1e-3", 0.001],
    ["shuffle", "False", false],
    ["name", 7, "7"],
    ["name", "", ""],
  ])("takes a text for what parameter %s is", (name, given, expected) => {
    expect(submit({ [name]: given }).values[name]?.value).toBe(expected);
  });

  test.each<[string, GivenValue]>([
    ["epochs", 1.5],
    ["epochs", ""],
    ["epochs", "0x10"],
    ["rate", "fast"],
    ["rate", { datastore: "d", path: "p" }],
    ["shuffle", "yes"],
    ["shuffle", 1],
  ])("refuses %s = %j and says of which type it is", (name, given) => {
    const { problems } = submit({ [name]: given });

    expect(problems).toHaveLength(1);
    expect(problems[0]?.pointer).toBe(`/parameters/${name}`);
    expect(problems[0]?.remedy).toContain("is of type");
  });

  test("refuses a parameter that nobody declared and names those there are", () => {
    expect(submit({ speed: 1 }).problems).toEqual([
      {
        pointer: "/parameters/speed",
        message: 'the pipeline declares no parameter "speed"',
        remedy: "it declares: rate, epochs, name, shuffle",
      },
    ]);
  });

  test("is not fooled by names that every object has", () => {
    expect(submit({ constructor: 1 } as unknown as Record<string, GivenValue>).problems).toHaveLength(1);
  });

  test("wants a value for what has no default, and none for what is optional", () => {
    const of = withParameters({
      size: { type: "string", allowed: ["small", "large"] },
      limit: { type: "int" },
      comment: { type: "string", optional: true },
    });

    expect(submit({ limit: 3 }, of)).toEqual({
      values: { limit: { value: 3, origin: "submit" } },
      problems: [
        {
          pointer: "/parameters",
          message: 'parameter "size" has no default, and no value was given',
          remedy: 'give "size" a value of type string, such as "small"',
        },
      ],
    });
  });

  test("refuses what is not among the allowed values, and lists them", () => {
    const of = withParameters({ size: { type: "string", default: "small", allowed: ["small", "large"] } });

    expect(submit({ size: "medium" }, of).problems).toEqual([
      {
        pointer: "/parameters/size",
        message: '"medium" is not among the values that parameter "size" may have',
        remedy: 'allowed: "small", "large"',
      },
    ]);
    expect(submit({ size: "large" }, of).problems).toEqual([]);
  });

  test.each([
    [{ minimum: 1, maximum: 3 }, [1, 3], [0, 4], "give 1 to 3"],
    [{ minimum: 1 }, [1, 1e9], [0], "give at least 1"],
    [{ maximum: 3 }, [-1e9, 3], [4], "give at most 3"],
  ])("holds a number to %j, its ends among what it may be", (range, inside, outside, remedy) => {
    const of = withParameters({ n: { type: "int", default: 2, ...range } });

    for (const n of inside) expect(submit({ n }, of).problems).toEqual([]);
    for (const n of outside)
      expect(submit({ n: String(n) }, of).problems).toEqual([
        { pointer: "/parameters/n", message: `${n} is out of the range of parameter "n"`, remedy },
      ]);
  });

  test("takes a place for a datapath, and a dataset by id, name or place", () => {
    const of = withParameters({ where: { type: "datapath" }, what: { type: "dataset", optional: true } });
    const place = { datastore: "d", path: "a/b" };

    for (const what of [{ id: "01980000-0000-7000-8000-000000000000" }, { name: "iris", version: 2 }, { name: "iris" }, place])
      expect(submit({ where: place, what }, of)).toEqual({
        values: { where: { value: place, origin: "submit" }, what: { value: what, origin: "submit" } },
        problems: [],
      });
    expect(submit({ where: "d/a/b", what: "iris" }, of).problems.map(({ message }) => message)).toEqual([
      '"d/a/b" is no datapath',
      '"iris" is no dataset',
    ]);
    expect(submit({ where: { name: "iris" } }, of).problems[0]?.remedy).toBe(
      'parameter "where" is of type datapath, such as {"datastore":"workspaceblobstore","path":"folder/file"}',
    );
  });
});

test("truth values are written as Python writes them", () => {
  expect([true, false, 1.5, "a"].map(toText)).toEqual(["True", "False", "1.5", "a"]);
});
