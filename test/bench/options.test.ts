import { describe, expect, test } from "vitest";
import { chosenNames, readOptions } from "../../bench/options.ts";

const NAMES = ["chain", "chain-doit", "fan", "submit"];

describe("readOptions", () => {
  test("reads all of them", () => {
    const options = readOptions(["--only", "chain", "--only", "fan", "--json", "rows.json", "--quick"]);

    expect(options).toEqual({ only: ["chain", "fan"], json: "rows.json", quick: true, list: false });
  });

  test("refuses what it does not know", () => {
    expect(() => readOptions(["--fast"])).toThrow("--fast");
  });

  test("has nothing to do when help was asked for", () => {
    expect(readOptions(["--help"])).toBeUndefined();
  });
});

describe("chosenNames", () => {
  test("takes all rows unless told", () => {
    expect([...chosenNames([], NAMES)]).toEqual(NAMES);
  });

  test("takes the row of a name alone, and all whose names begin so where there is none", () => {
    expect([...chosenNames(["chain"], NAMES)]).toEqual(["chain"]);
    expect([...chosenNames(["cha"], NAMES)]).toEqual(["chain", "chain-doit"]);
  });

  test("names the rows there are when none fits", () => {
    expect(() => chosenNames(["chian"], NAMES)).toThrow('--only is "chian": there are chain, chain-doit, fan, submit');
  });
});
