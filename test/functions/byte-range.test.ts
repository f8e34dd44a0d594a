import { describe, expect, test } from "vitest";
import { parseRange } from "../../functions/byte-range.ts";

describe("parseRange of a file of ten bytes", () => {
  test.each([
    ["bytes=0-3", { from: 0, length: 4 }],
    ["bytes=5-", { from: 5, length: 5 }],
    ["bytes=-3", { from: 7, length: 3 }],
    ["bytes=-99", { from: 0, length: 10 }],
    ["bytes=9-99999999999999999999", { from: 9, length: 1 }],
  ])("reads %s", (header, range) => {
    expect(parseRange(header, 10)).toEqual(range);
  });

  test.each([null, "", "bytes=-", "bytes=abc", "lines=1-2", "bytes=5-2", "bytes=0-0,2-3", "bytes=1.5-2"])("ignores %j", (header) => {
    expect(parseRange(header, 10)).toBeUndefined();
  });

  test.each(["bytes=10-", "bytes=10-12", "bytes=99999999999999999999-", "bytes=-0"])("has no bytes for %s", (header) => {
    expect(() => parseRange(header, 10)).toThrow(expect.objectContaining({ problem: { kind: "range-not-satisfiable", size: 10 } }));
  });
});
