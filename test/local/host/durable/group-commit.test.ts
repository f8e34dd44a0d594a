import { describe, expect, test } from "vitest";
import { openSqliteStorage } from "../../../../local/host/durable/sqlite-storage.ts";
import type { DurableStorage } from "../../../../local/host/durable/storage.ts";
import { TestHost } from "./support/test-host.ts";

interface Counts {
  commits: number;
  syncs: number;
}

/** A storage that counts. */
function counting(counts: Counts): (file: string) => DurableStorage {
  return (file) => {
    const storage = openSqliteStorage(file);
    const { commit, sync } = { commit: storage.commit.bind(storage), sync: storage.sync.bind(storage) };
    storage.commit = () => {
      counts.commits++;
      commit();
    };
    storage.sync = () => {
      counts.syncs++;
      sync();
    };
    return storage;
  };
}

function noCounts(): Counts {
  return { commits: 0, syncs: 0 };
}

describe("group commit", () => {
  test("puts a hundred starts of one turn, with their first episodes, into one commit and one sync", async () => {
    const counts = noCounts();
    await using host = await TestHost.open({ storage: counting(counts) });
    for (let i = 0; i < 100; i++) await host.start("program", { steps: [{ do: "event", name: "go" }] }, `run-${i}`);
    const durable = host.engine.commits.durable();

    await host.pass(0);
    await durable;

    expect(counts).toMatchObject({ commits: 1, syncs: 1 });
    expect(await host.status("run-99")).toMatchObject({ runtimeStatus: "Running" });
  });

  test("lets durable() wait for the disk, and not wait when nothing is outstanding", async () => {
    const counts = noCounts();
    await using host = await TestHost.open({ storage: counting(counts) });
    await host.start("program", { steps: [] });
    let onDisk = false;
    const durable = host.engine.commits.durable().then(() => {
      onDisk = true;
    });
    await Promise.resolve();
    const before = { onDisk, syncs: counts.syncs };

    await host.pass(0);
    await durable;
    await host.engine.commits.durable();

    expect(before).toEqual({ onDisk: false, syncs: 0 });
    expect(counts.syncs).toBe(1);
  });

  test("lets committed() wait for the commit alone", async () => {
    const counts = noCounts();
    await using host = await TestHost.open({ storage: counting(counts) });
    await host.start("program", { steps: [] });
    const committed = host.engine.commits.committed();

    await host.pass(0);
    await committed;
    await host.engine.commits.committed();

    expect(counts.commits).toBeGreaterThanOrEqual(1);
    expect(counts.syncs).toBe(0);
  });

  test("carries to the disk soon what nobody waits for, once for many commits", async () => {
    const counts = noCounts();
    await using host = await TestHost.open({ storage: counting(counts) });
    await host.start("program", { steps: Array.from({ length: 10 }, () => ({ do: "echo", value: 1 })) });

    await host.pass(1000);

    expect(counts.commits).toBeGreaterThanOrEqual(10);
    expect(counts.syncs).toBe(1);
  });

  test("fans a thousand activities out and in with a handful of commits", async () => {
    const counts = noCounts();
    await using host = await TestHost.open({ storage: counting(counts), maxConcurrentActivityFunctions: 1000 });
    await host.start("program", { steps: [{ do: "all", of: Array.from({ length: 1000 }, (_, value) => ({ do: "echo", value })) }] });

    const { output } = await host.ending();

    expect((output as unknown[][])[0]).toHaveLength(1000);
    expect(counts.commits).toBeLessThan(10);
  });
});
