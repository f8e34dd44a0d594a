import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { readIgnoreRules } from "../../sdk/ignore-rules.ts";
import { UserError } from "../../sdk/user-error.ts";
import { promptly, runs } from "../support/properties.ts";
import { TemporaryFolder } from "./temporary-folder.ts";

const folder = new TemporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const isUserError = (error: unknown): error is UserError => error instanceof UserError;
const PATHS = ["a", "a/", "a.py", "data/x.csv", `${"a/".repeat(500)}c`, "a".repeat(255), ".git/x", "ä/ß", "[a]", "!x", "#y"];

function apply(text: string | Uint8Array, paths: readonly string[]) {
  writeFileSync(folder.join(".amlignore"), text);
  return promptly(() => {
    const { isIgnored } = readIgnoreRules(folder.path);
    return paths.map((path) => isIgnored(path));
  }, isUserError);
}

describe("readIgnoreRules", () => {
  test("takes any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void apply(bytes, PATHS)),
      { numRuns: runs(300) },
    );
  });

  test("takes any patterns, and no path takes long", () => {
    const part = fc.constantFrom(
      "*",
      "**",
      "a",
      "?",
      "[a-z]",
      "[z-a]",
      "[",
      "\\",
      "!",
      "/",
      "**/",
      "*a",
      "{a,b}",
      "(a+)+",
      " ",
      "#",
      "\\ ",
      ".",
      "+",
      "$",
      "^",
      "|",
      "\u0000",
      "ä",
    );
    const line = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(""));

    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => void apply(lines.join("\n"), PATHS)),
      { numRuns: runs(300) },
    );
  }, 120_000);

  test.each([
    ["2,000 rules", "x\n".repeat(2000), undefined],
    ["one rule more", "x\n".repeat(2001), /2001 rules; 2000 are the most/],
    ["2,001 lines of comments", "# x\n\n".repeat(2001), undefined],
    ["a comment of any length", `# ${"x".repeat(1100)}\n#${"**/".repeat(9)}\n${" ".repeat(1100)}`, undefined],
    ["a rule of 1,024 characters", "x".repeat(1024), undefined],
    ["a rule with one character more", `# x\r\n\n${"x".repeat(1025)}`, /^line 3 of \.amlignore is a rule of 1025 characters; 1024 .*most$/],
    ["a rule that twice stands for any folders", "a/**/b/**/c", undefined],
    ["a rule that does so once more", "**/a/**/b/**/c", /^line 1 of \.amlignore has "\*\*\/" 3 times in one rule; 2 times are the most$/],
    ["such a rule that is cut by a carriage return, which ends no rule", "**/a\r**/b/**/c", /^line 1 .*3 times/],
  ])("knows the limits: %s", (_what, text, refused) => {
    const outcome = apply(text, ["a"]);

    if (refused === undefined) expect(outcome).toEqual([false]);
    else expect((outcome as UserError).message).toMatch(refused);
  });
});
