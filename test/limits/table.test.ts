import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TESTED } from "./table.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

/** First cells of the rows of docs/limits.md, without those of heads and rules. */
const rows = [...read("docs/limits.md").matchAll(/^\| ([^|]+?) \|/gm)].flatMap(([, cell = ""]) => (cell === "What" ? [] : [cell]));

test("every limit has a test, and no test is noted for a limit that is gone", () => {
  expect(Object.keys(TESTED).sort()).toEqual(rows.sort());
});

test.each(Object.entries(TESTED))("%s is tested where the table says", (_row, [file, title]) => {
  expect(read(file)).toContain(title);
});
