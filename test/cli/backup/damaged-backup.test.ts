import { appendFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { inParallel } from "../../../cli/backup/in-parallel.ts";
import { TemporaryFolder } from "../../sdk/temporary-folder.ts";
import { Penstock } from "../run-penstock.ts";
import { aWorkspaceIn, manyBlobs } from "./backed-up.ts";

let penstock: Penstock;
let folder: TemporaryFolder;
beforeAll(async () => {
  penstock = await Penstock.build();
});
afterAll(() => penstock[Symbol.dispose]());
beforeEach(() => {
  folder = new TemporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

test("one damaged file among many is named, and nothing of the restored workspace is left", async () => {
  const blobs = manyBlobs(1500);
  const damaged = Object.keys(blobs).sort()[20] ?? "";
  await aWorkspaceIn(folder.join("state"), blobs);
  await penstock.run(["backup", "copy", "--state", "state"], { cwd: folder.path });
  appendFileSync(join(folder.join("copy"), "state", damaged), "x");

  const restored = await penstock.run(["restore", "copy", "--state", "restored"], { cwd: folder.path });

  expect(restored).toMatchObject({ code: 5, stderr: expect.stringContaining(`is damaged: state/${damaged} is not as it was`) });
  expect((await readdir(folder.path)).sort()).toEqual(["copy", "state"]);
}, 60_000);

test("work in parallel ends before its first error is thrown, and begins nothing after it", async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const { promise: slow, resolve: letGo } = Promise.withResolvers<void>();
  const working = inParallel([0, 1, 2, 3, 4, 5], 2, async (item) => {
    begun.push(item);
    if (item === 1) setImmediate(letGo);
    if (item === 1) throw new Error("the first");
    await slow;
    ended.push(item);
    throw new Error("a later one");
  });

  await expect(working).rejects.toThrow("the first");
  expect([begun, ended]).toEqual([[0, 1], [0]]);
});
