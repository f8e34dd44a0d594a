import { describe, expect, test } from "vitest";
import { formatBytes, formatDuration } from "../../cli/format.ts";
import { shellWord } from "../../cli/shell-word.ts";
import { terminalOf } from "../../cli/terminal.ts";
import { cutText, harmless, textWidth } from "../../cli/text-width.ts";
import { suggest } from "../../sdk/suggest.ts";

describe("formatDuration", () => {
  test.each([
    [-5, "0.0 s"],
    [400, "0.4 s"],
    [9_960, "10 s"],
    [59_600, "1 m 00 s"],
    [185_000, "3 m 05 s"],
    [7_800_000, "2 h 10 m"],
  ])("%i ms is %s", (ms, expected) => {
    expect(formatDuration(ms)).toBe(expected);
  });
});

describe("formatBytes", () => {
  test.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1536, "1.5 KiB"],
    [2 ** 31, "2.0 GiB"],
  ])("%i is %s", (bytes, expected) => {
    expect(formatBytes(bytes)).toBe(expected);
  });
});

describe("terminalOf", () => {
  const tty = { write: () => true, isTTY: true };
  const pipe = { write: () => true };

  test.each([
    ["a terminal", tty, {}, [true, true]],
    ["a pipe", pipe, {}, [false, false]],
    ["NO_COLOR", tty, { NO_COLOR: "1" }, [false, true]],
    ["FORCE_COLOR in a pipe", pipe, { FORCE_COLOR: "1" }, [true, false]],
    ["FORCE_COLOR=0", tty, { FORCE_COLOR: "0" }, [false, true]],
    ["CI", tty, { CI: "true" }, [true, false]],
    ["a dumb terminal", tty, { TERM: "dumb" }, [false, false]],
  ])("%s: colour and drawing in place", (_, stream, environment, expected) => {
    const terminal = terminalOf(stream, environment);

    expect([terminal.colors.isColorSupported, terminal.isLive]).toEqual(expected);
  });
});

describe("text", () => {
  test("is as wide as it looks", () => {
    expect(["abc", "模型", "e\u0301", "\u001b[31mx\u001b[0m", "😀"].map(textWidth)).toEqual([3, 4, 1, 1, 2]);
  });

  test("is cut between letters", () => {
    expect([cutText("abcdef", 4), cutText("模型训练", 5), cutText("abc", 3), cutText("abc", 0)]).toEqual(["abc…", "模型…", "abc", ""]);
  });

  test("can do no harm to a terminal", () => {
    expect(harmless("a\tb\u001b]0;title\u0007c\r\u0000d\u009b2Je")).toBe("a    bcde");
  });

  test("is quoted for a shell when it needs to be", () => {
    expect([shellWord("train"), shellWord("my step"), shellWord("it's")]).toEqual(["train", "'my step'", "'it'\\''s'"]);
  });
});

describe("suggest", () => {
  test.each([
    ["trian", ["train", "compare"], "train"],
    ["scriptName", ["script_name", "source_directory"], "script_name"],
    ["bananas", ["train"], undefined],
    ["x", [], undefined],
  ])("for %s of %j is %s", (word, candidates, expected) => {
    expect(suggest(word, candidates)).toBe(expected);
  });
});
