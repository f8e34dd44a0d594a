import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FolderSyncs } from "../../../../shared/adapters/local-blob/folder-syncs.ts";

describe("FolderSyncs", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "penstock-syncs-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("syncs folders that are there and passes over those that are gone", async () => {
    const syncs = new FolderSyncs();
    syncs.mark([folder, join(folder, "gone")]);

    await expect(syncs.durable()).resolves.toBeUndefined();
  });

  test("tells every waiter of a folder that cannot be synced, until it can", async () => {
    const syncs = new FolderSyncs();
    const broken = join(folder, "broken");
    symlinkSync(broken, broken); // leads to itself, so it cannot be opened
    syncs.mark([folder, broken]);

    const waits = await Promise.allSettled([syncs.durable(), syncs.durable()]);
    const later = await Promise.allSettled([syncs.durable()]);
    rmSync(broken);
    mkdirSync(broken);

    expect([...waits, ...later].map((wait) => wait.status)).toEqual(["rejected", "rejected", "rejected"]);
    await expect(syncs.durable()).resolves.toBeUndefined();
  });

  test("answers for changes that come while a round is under way", async () => {
    const syncs = new FolderSyncs();
    syncs.mark([folder]);
    const first = syncs.durable();
    await Promise.resolve();
    const loop = join(folder, "loop");
    symlinkSync(loop, loop);
    syncs.mark([loop]);

    const [one, two] = await Promise.allSettled([first, syncs.durable()]);

    expect([one?.status, two?.status]).toEqual(["fulfilled", "rejected"]);
  });
});
