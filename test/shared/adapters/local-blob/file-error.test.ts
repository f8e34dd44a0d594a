import { describe, expect, test } from "vitest";
import { toStoreError } from "../../../../shared/adapters/local-blob/file-error.ts";

const failure = (code: string) => Object.assign(new Error(code), { code });

describe("toStoreError", () => {
  test.each([
    ["ENOSPC", "unavailable", /free some space/],
    ["EDQUOT", "unavailable", /free some space/],
    ["EFBIG", "unavailable", /ulimit -f/],
    ["EACCES", "unavailable", /permissions/],
    ["EROFS", "unavailable", /permissions/],
    ["EIO", "unavailable", /healthy/],
    ["EMFILE", "busy", /ulimit -n/],
    ["ENAMETOOLONG", "invalid-key", /255 bytes/],
    ["EISDIR", "invalid-key", /file and a folder/],
    ["EXDEV", "unavailable", /same one/],
  ])("says the way out of %s", (code, kind, way) => {
    const error = toStoreError(failure(code), "/data/x");

    expect(error).toMatchObject({ kind, message: expect.stringMatching(way), cause: { code } });
    expect(String(error)).toContain("/data/x");
  });

  test("leaves a bug as it is", () => {
    const bug = new TypeError("x is not a function");

    expect(toStoreError(bug, "/data/x")).toBe(bug);
  });

  test.each([
    ["ENOSPC", "disk-full"],
    ["EACCES", "not-writable"],
    ["EIO", "disk-failing"],
    ["EMFILE", undefined],
  ])("says what a caller may be told of %s", (code, trouble) => {
    expect(toStoreError(failure(code), "/data/x")).toHaveProperty("trouble", trouble);
  });
});
