import { describe, expect, test } from "vitest";
import { checkGraph } from "../../../shared/domain/check-graph.ts";
import { checkDeclarations } from "../../../shared/domain/check-parameters.ts";
import { aGraph } from "../../support/graphs.ts";

function found(parameter: object): string[] {
  return checkDeclarations(aGraph({ a: [] }, { parameters: { p: parameter } })).map(({ pointer, message }) => `${pointer} ${message}`);
}

describe("checkDeclarations", () => {
  test.each([
    [{ type: "string", default: "" }],
    [{ type: "string" }],
    [{ type: "bool", optional: true }],
    [{ type: "int", default: 3, minimum: 3, maximum: 3, allowed: [3] }],
    [{ type: "dataset", default: { name: "iris" } }],
  ])("takes %j", (parameter) => {
    expect(found(parameter)).toEqual([]);
  });

  test.each([
    [{ type: "int", default: 1, optional: true }, '/parameters/p/optional parameter "p" is optional and has a default'],
    [{ type: "int", default: 9, maximum: 5 }, '/parameters/p/default 9 is out of the range of parameter "p"'],
    [{ type: "float", default: 0.5, allowed: [0.1] }, '/parameters/p/default 0.5 is not among the values that parameter "p" may have'],
    [{ type: "int", minimum: 5, maximum: 1 }, '/parameters/p/minimum the minimum 5 of parameter "p" is above its maximum 1'],
    [{ type: "int", minimum: 2, allowed: [3, 1] }, '/parameters/p/allowed/1 1 is out of the range of parameter "p"'],
  ])("refuses %j", (parameter, problem) => {
    expect(found(parameter)).toEqual([problem]);
  });
});

describe("checkGraph", () => {
  test("takes an input from a parameter only where that names a place", () => {
    const inputs = { i: { source: { parameter: "p" } } };
    const of = (parameters: object) =>
      aGraph({ a: [] }, { parameters, steps: [{ type: "CommandStep", key: "a", command: ["true"], inputs }] });

    expect(checkGraph(of({ p: { type: "datapath" } }))).toHaveProperty("dag");
    expect(checkGraph(of({ p: { type: "int", default: 1 } }))).toEqual({
      problems: [
        {
          pointer: "/steps/0/inputs/i/source/parameter",
          message: 'pipeline parameter "p" is of type int, and an input comes from a place',
          remedy: "declare it with type datapath or dataset, or pass it by parameters",
        },
      ],
    });
    expect(checkGraph(of({}))).toMatchObject({ problems: [{ message: 'there is no pipeline parameter "p"' }] });
  });

  test("tells of declarations together with what else is wrong", () => {
    const graph = aGraph({ a: ["nobody"] }, { parameters: { p: { type: "int", default: 9, maximum: 5 } } });

    expect(checkGraph(graph)).toMatchObject({
      problems: [{ pointer: "/parameters/p/default" }, { pointer: "/steps/0/runAfter/0" }],
    });
  });
});
