import { describe, expect, test } from "vitest";
import { parseSyncs } from "../../../bench/support/strace.ts";

describe("parseSyncs", () => {
  test("counts each call once, with its thread and file, also where another one came between", () => {
    const output = [
      "100 fdatasync(21</state/app/penstock.db-wal>) = 0",
      "100 fsync(22</state/host/durable.sqlite>) = 0",
      "101 fdatasync(23</state/app/penstock.db-wal> <unfinished ...>",
      "102 fsync(9</state> <unfinished ...>",
      "101 <... fdatasync resumed>)          = 0",
      "102 +++ exited with 0 +++",
      "",
    ].join("\n");

    const syncs = parseSyncs(output);

    expect(syncs).toEqual([
      { thread: 100, file: "penstock.db-wal" },
      { thread: 100, file: "durable.sqlite" },
      { thread: 101, file: "penstock.db-wal" },
      { thread: 102, file: "state" },
    ]);
  });
});
