import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { listFiles } from "../../../../shared/adapters/local-blob/list-files.ts";

/** Names around the slash in order, of which a file and a folder easily get mixed up. */
const name = fc.stringMatching(/^[ab.\-0~é]{1,3}$/).filter((text) => text !== "." && text !== "..");
const paths = fc.array(
  fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/")),
  { maxLength: 30 },
);

/** Leaves out a path that needs another one to be a folder. */
function tree(all: readonly string[]): string[] {
  const unique = [...new Set(all)];
  return unique.filter((path) => !unique.some((other) => other.startsWith(`${path}/`))).sort();
}

describe("listFiles", () => {
  test("finds what sorting all paths finds, for any prefix and lower bound", async () => {
    await fc.assert(
      fc.asyncProperty(
        paths,
        fc.string({ unit: fc.constantFrom("a", "b", "-", "/", "."), maxLength: 4 }),
        fc.nat(30),
        async (all, prefix, at) => {
          const files = tree(all);
          const after = at < files.length ? files[at] : undefined;
          const root = mkdtempSync(join(tmpdir(), "penstock-list-"));
          try {
            for (const path of files) {
              mkdirSync(join(root, dirname(path)), { recursive: true });
              writeFileSync(join(root, path), "");
            }

            const found: string[] = [];
            for await (const { path } of listFiles(root, { prefix, after }, "")) found.push(path);

            expect(found).toEqual(files.filter((path) => path.startsWith(prefix) && (after === undefined || path > after)));
          } finally {
            rmSync(root, { recursive: true, force: true });
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
