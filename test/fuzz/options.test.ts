import { describe, expect, test } from "vitest";
import { opening, readOptions, USAGE } from "./options.ts";

describe("npm run fuzz", () => {
  test("says that it sends more requests than it was asked for, where fewer cannot be", () => {
    const options = readOptions(["--requests", "500", "--seed", "1"]);

    expect(options).toMatchObject({ requests: 2600, asked: 500 });
    expect(options && opening(options)).toMatch(/^Seed 1: about 2600 requests \(500 were asked for; .* take about 2600\)/);
    expect(USAGE).toContain("2600 are the least");
  });

  test("says nothing of that where it sends what it was asked for", () => {
    const options = readOptions(["--requests", "4000", "--seed", "1"]);

    expect(options && opening(options)).toBe("Seed 1: about 4000 requests …");
  });
});
