import { createHash, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Scenario } from "../scenario.ts";
import { readNothing } from "../slow-reader.ts";

const SLOW_READERS = 40;

/** Many downloads of a large file beside readers who take nothing of it: whoever reads gets all of it, and memory does not grow with those who do not. */
export const downloads: Scenario = {
  name: "downloads",
  about: (small) => `${readers(small)} downloads of a file of ${mebibytes(small)} MiB at once, ${SLOW_READERS} readers who take nothing`,
  bounds: { hostMiB: 1_200, standInsMiB: 300, seconds: 180, answerMs: 10_000 },
  async run({ caller, check, note, small, workspace }) {
    const content = randomBytes(mebibytes(small) * 1024 * 1024);
    const hash = createHash("sha256").update(content).digest("hex");
    writeFileSync(join(workspace.dataFolder, "large.bin"), content);
    const path = "datastores/workspaceblobstore/files/content?path=large.bin";
    const began = performance.now();
    const slow = readNothing(workspace, path, SLOW_READERS);
    let wrong = 0;
    await Promise.all(
      Array.from({ length: readers(small) }, async () => {
        const { status, bytes } = await caller.ask({ path });
        if (status !== 200 || createHash("sha256").update(bytes).digest("hex") !== hash) wrong++;
      }),
    );
    slow.close();
    note(`${((performance.now() - began) / 1000).toFixed(1)} s; ${caller.refused} times refused with 429 on the way`);
    check(wrong === 0, `${wrong} downloads were not the file`);
  },
};

const mebibytes = (small: boolean) => (small ? 8 : 60);
const readers = (small: boolean) => (small ? 10 : 30);
