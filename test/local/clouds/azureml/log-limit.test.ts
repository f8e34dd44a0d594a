import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LogLimit } from "../../../../local/clouds/azureml/jobs/log-limit.ts";

let folder: string;
let log: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "log-limit-"));
  log = join(folder, "std_log.txt");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Bytes that tell where in the file they were. */
function pattern(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) & 0xff));
}

describe("LogLimit.atEnd", () => {
  // Kept are 3,000 bytes of the beginning and 1,000 of the end.
  test.each([4_000, 4_256, 4_257, 5_000, 5_255, 5_256, 6_000, 100_000])("leaves of %i bytes what fits", async (size) => {
    const content = pattern(size);
    writeFileSync(log, content);

    await new LogLimit(4_000, "python3").atEnd(log);

    const kept = readFileSync(log);
    if (size <= 4_256) expect(kept).toEqual(content);
    else {
      expect(kept.subarray(0, 3_000)).toEqual(content.subarray(0, 3_000));
      expect(kept.subarray(-1_000)).toEqual(content.subarray(-1_000));
      expect(kept.subarray(3_000, -1_000).toString()).toBe(
        `\n[… ${size - 4_000} bytes of this log are left out: it grew beyond 4000 bytes …]\n`,
      );
    }
    expect(readdirSync(folder)).toEqual(["std_log.txt"]);
  });

  test("changes nothing when it is done again", async () => {
    writeFileSync(log, pattern(50_000));
    const limit = new LogLimit(4_000, "python3");
    await limit.atEnd(log);
    const once = readFileSync(log);

    await limit.atEnd(log);

    expect(readFileSync(log)).toEqual(once);
  });

  test("does without a log", async () => {
    await expect(new LogLimit(4_000, "python3").atEnd(log)).resolves.toBeUndefined();
  });
});
