import { describe, expect, test } from "vitest";
import { openSqliteStorage } from "../../../../local/host/durable/sqlite-storage.ts";
import type { DurableStorage, HistoryRow } from "../../../../local/host/durable/storage.ts";
import { TestHost } from "./support/test-host.ts";

const STEPS = [
  { do: "echo", value: 1 },
  { do: "all", of: [1, 2, 3].map((value) => ({ do: "echo", value })) },
  { do: "timer", ms: 60_000 },
  {
    do: "child",
    steps: [
      { do: "echo", value: "below" },
      { do: "timer", ms: 1000 },
    ],
  },
  { do: "retry", ms: 100, times: 2 },
  { do: "race", name: "never", ms: 5000 },
  { do: "echo", value: "last" },
];

/** A storage that calls back after each commit. */
function committing(then: () => void): (file: string) => DurableStorage {
  return (file) => {
    const storage = openSqliteStorage(file);
    const commit = storage.commit.bind(storage);
    storage.commit = () => {
      commit();
      then();
    };
    return storage;
  };
}

/** Sequence numbers by kind, to see that none is there twice. */
function scheduled(rows: readonly HistoryRow[]): string[] {
  return rows
    .map(({ text }) => JSON.parse(text) as { EventType: number; EventId: number })
    .filter(({ EventType }) => [4, 7, 10].includes(EventType))
    .map(({ EventType, EventId }) => `${EventType} ${EventId}`);
}

describe("a restart", () => {
  test("after a kill at any commit ends the run as if nothing had happened", { timeout: 60_000 }, async () => {
    const killed: { folder: string; now: number }[] = [];
    let undisturbed: unknown;
    {
      await using host: TestHost = await TestHost.open({
        storage: committing(() => killed.push({ folder: host.copy(), now: host.clock.now() })),
      });
      await host.start("program", { steps: STEPS, generations: 1 });
      undisturbed = (await host.ending()).output;
    }

    for (const { folder, now } of killed) {
      await using host = await TestHost.open({ from: folder, now: now + 1000 });
      const { runtimeStatus, output } = await host.ending();

      expect({ runtimeStatus, output, errors: host.errors }).toEqual({ runtimeStatus: "Completed", output: undisturbed, errors: [] });
      const numbers = scheduled(host.storage.history(host.storage.instance("run")?.key ?? 0));
      expect(numbers).toEqual([...new Set(numbers)]);
    }
    expect(killed.length).toBeGreaterThan(20);
  });

  test("runs an activity again that had not ended, and delivers an event that was only accepted", async () => {
    let folder = "";
    {
      await using host = await TestHost.open();
      await host.start("program", {
        steps: [
          { do: "slow", ms: 1000 },
          { do: "event", name: "go" },
        ],
      });
      await host.pass(10);
      await host.raise("run", "go", "early");
      await host.pass(0);
      folder = host.copy();
    }

    await using after = await TestHost.open({ from: folder });
    const { output } = await after.ending();

    expect(output).toEqual([1000, "early"]);
    expect(after.observed.activities.map((a) => a.name)).toEqual(["slow"]);
  });

  test("fires timers at once that came due while no host ran, and the others when they are due", async () => {
    let folder = "";
    let now = 0;
    {
      await using host = await TestHost.open();
      await host.start("program", { steps: [{ do: "timer", ms: 60_000 }] }, "soon");
      await host.start("program", { steps: [{ do: "timer", ms: 600_000 }] }, "late");
      await host.pass(0);
      folder = host.copy();
      now = host.clock.now();
    }

    await using after = await TestHost.open({ from: folder, now: now + 120_000 });
    await after.pass(0);
    const statuses = [(await after.status("soon")).runtimeStatus, (await after.status("late")).runtimeStatus];
    await after.ending("late");

    expect(statuses).toEqual(["Completed", "Running"]);
    expect(after.clock.now()).toBe(now + 600_000);
  });

  test("after the clock was put back by an hour lets new timers run for as long as they should", async () => {
    let folder = "";
    let now = 0;
    {
      await using host = await TestHost.open();
      await host.start("program", {
        steps: [
          { do: "event", name: "go" },
          { do: "timer", ms: 60_000 },
        ],
      });
      await host.pass(0);
      folder = host.copy();
      now = host.clock.now() - 3_600_000;
    }

    await using after = await TestHost.open({ from: folder, now });
    await after.raise("run", "go");

    expect(await after.ending()).toMatchObject({ runtimeStatus: "Completed" });
    expect(after.clock.now()).toBe(now + 60_000);
  });

  test("leaves an activity running at a stop to the next start", async () => {
    let folder = "";
    {
      await using host = await TestHost.open();
      await host.start("program", { steps: [{ do: "slow", ms: 10_000 }] });
      await host.pass(10);
      await host.stop();
      await host.pass(20_000);
      folder = host.copy();
    }

    await using after = await TestHost.open({ from: folder });

    expect(await after.ending()).toMatchObject({ runtimeStatus: "Completed", output: [10_000] });
  });
});
