import { describe, expect, test } from "vitest";
import { countSyncs } from "../../../bench/support/strace.ts";

describe("countSyncs", () => {
  test("counts each finished sync once, by thread, also where another one came between", () => {
    const output = [
      "100 fdatasync(21)                     = 0",
      "100 fsync(22) = 0",
      "101 fdatasync(23 <unfinished ...>",
      "100 fdatasync(21)                     = 0",
      "101 <... fdatasync resumed>)          = 0",
      "102 fsync(9 <unfinished ...>",
      "102 +++ exited with 0 +++",
      "",
    ].join("\n");

    expect(countSyncs(output)).toEqual(
      new Map([
        [100, 3],
        [101, 1],
      ]),
    );
  });
});
