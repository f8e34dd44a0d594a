import type { PathLike } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { relative } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { makeWhole } from "../../../cli/backup/whole-folder.ts";
import { TemporaryFolder } from "../../sdk/temporary-folder.ts";

const { synced, remove } = vi.hoisted(() => ({ synced: [] as string[], remove: { fails: false } }));
vi.mock("node:fs/promises", async (importOriginal) => {
  const real = await importOriginal<typeof import("node:fs/promises")>();
  const open = async (path: PathLike, flags?: string) => {
    const handle = await real.open(path, flags);
    const sync = handle.sync.bind(handle);
    handle.sync = async () => {
      await sync();
      synced.push(String(path));
    };
    return handle;
  };
  const rm: typeof real.rm = (path, options) => (remove.fails ? Promise.reject(new Error("ENOTEMPTY")) : real.rm(path, options));
  return { ...real, open, rm };
});

let folder: TemporaryFolder;
beforeEach(() => {
  folder = new TemporaryFolder();
  synced.length = 0;
  remove.fails = false;
});
afterEach(() => folder[Symbol.dispose]());

test("the names in every folder that was made are on the disk, those below before those above", async () => {
  const target = folder.join("new/deep/copy");
  let partial = "";

  await makeWhole(target, async (place) => {
    partial = place;
    await mkdir(`${place}/state/app`, { recursive: true });
    await writeFile(`${place}/state/app/penstock.db`, "x");
  });

  const names = synced.map((path) => relative(folder.path, path).replace(relative(folder.path, partial), "PARTIAL"));
  expect(names).toEqual(["new", "", "PARTIAL/state/app", "PARTIAL/state", "PARTIAL", "new/deep"]);
});

test.each([{ removeFails: false }, { removeFails: true }])("what went wrong first is thrown (%o)", async ({ removeFails }) => {
  remove.fails = removeFails;
  const failing = makeWhole(folder.join("copy"), async (place) => {
    await mkdir(`${place}/state`);
    throw new Error("the first");
  });

  await expect(failing).rejects.toThrow("the first");
  expect(await readdir(folder.path)).toHaveLength(removeFails ? 1 : 0);
});
