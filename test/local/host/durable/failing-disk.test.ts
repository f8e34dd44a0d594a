import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { Durable } from "../../../../local/host/contract.ts";
import { createDurable } from "../../../../local/host/durable/create-durable.ts";
import { openSqliteStorage } from "../../../../local/host/durable/sqlite-storage.ts";
import type { DurableStorage } from "../../../../local/host/durable/storage.ts";
import { loadWorker } from "../../../../local/host/worker/load-worker.ts";
import { managementRequest } from "../../../support/management-request.ts";
import { seededRandom } from "../../../support/seeded-random.ts";
import { VirtualClock } from "../../../support/virtual-clock.ts";

const MINUTE_MS = 60_000;
const worker = loadWorker({ appRoot: join(import.meta.dirname, "app"), log: () => {} });

/** A disk on which a write fails when it is told to; SQLite then undoes the transaction by itself, as it does on a full disk. */
class Disk {
  fails: (method: string) => boolean = () => false;

  under(storage: DurableStorage): DurableStorage {
    return new Proxy(storage, {
      get: (target, name: keyof DurableStorage) => (this.isWrite(name) ? this.failing(target, name) : target[name].bind(target)),
    });
  }

  private isWrite(name: string): boolean {
    return /^(begin|commit|sync|mend|add|change|delete)/.test(name);
  }

  private failing(target: DurableStorage, name: keyof DurableStorage) {
    return (...args: unknown[]) => {
      if (this.fails(name)) {
        target.rollback();
        throw new Error("database or disk is full");
      }
      return (target[name] as (...given: unknown[]) => unknown)(...args);
    };
  }
}

class Rig {
  readonly folder = mkdtempSync(join(tmpdir(), "penstock-durable-"));
  readonly clock = new VirtualClock(Date.UTC(2026, 6, 1));
  readonly disk = new Disk();
  readonly storage = openSqliteStorage(join(this.folder, "durable.sqlite"));
  readonly lines: string[] = [];
  private isStopped = false;
  durable!: Durable;

  static async open(): Promise<Rig> {
    const rig = new Rig();
    let ids = 0;
    rig.durable = createDurable({
      worker: await worker,
      storage: rig.disk.under(rig.storage),
      clock: rig.clock,
      random: { hex32: () => (++ids).toString(16).padStart(32, "0") },
      log: (level, message) => rig.lines.push(`${level}: ${message}`),
      options: { hubName: "tests", rpcBaseUrl: "http://127.0.0.1:1/durabletask/", systemKey: "key", checkEvery: 1, failOnSlips: true },
    });
    await rig.durable.start();
    return rig;
  }

  async call(method: string, path: string, body?: unknown) {
    return await this.durable.handle(managementRequest(method, path, body));
  }

  /** A writing call as the HTTP half answers it: only what is on the disk is acknowledged. */
  async acknowledged(path: string, body: unknown): Promise<number> {
    let status: number | undefined;
    void this.call("POST", path, body).then(async (answer) => {
      status =
        answer.status < 400
          ? await this.durable.durable().then(
              () => answer.status,
              () => 503,
            )
          : answer.status;
    });
    await this.clock.pump(() => status !== undefined, MINUTE_MS);
    return status ?? 0;
  }

  async status(id: string): Promise<{ runtimeStatus: string; output: unknown }> {
    return JSON.parse((await this.call("GET", `/instances/${id}`)).body ?? "{}");
  }

  async stop(): Promise<void> {
    if (this.isStopped) return;
    this.isStopped = true;
    await Promise.all([this.durable.stop(0), this.clock.pass(1)]);
  }

  async close(): Promise<void> {
    this.disk.fails = () => false;
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

const echoes = (count: number) => Array.from({ length: count }, (_, value) => ({ do: "echo", value }));

describe("a durable state that cannot be written", () => {
  test("refuses and says when to come again, keeps what was acknowledged, and goes on by itself once it can be written", async () => {
    rig = await Rig.open();
    const { disk, clock } = rig;
    await rig.acknowledged("/orchestrators/program/kept", { steps: [{ do: "event", name: "go" }, ...echoes(3)] });

    disk.fails = (method) => method === "commit" || method === "mend";
    const lost = await rig.acknowledged("/instances/kept/raiseEvent/go", 1);
    const refused = await rig.call("POST", "/orchestrators/program/another", { steps: [] });
    await clock.pass(10 * MINUTE_MS);
    const meanwhile = await rig.status("kept");
    disk.fails = () => false;
    await clock.pass(15_000);
    const taken = await rig.acknowledged("/instances/kept/raiseEvent/go", 2);
    await clock.pass(1000);

    expect(lost).toBe(503);
    expect(refused).toMatchObject({ status: 503, headers: { "retry-after": "5" }, body: expect.stringContaining("free the disk") });
    expect(meanwhile.runtimeStatus).toBe("Running");
    expect(taken).toBe(202);
    expect(await rig.status("kept")).toMatchObject({ runtimeStatus: "Completed", output: [2, 0, 1, 2] });
    expect((await rig.call("GET", "/instances/another")).status).toBe(404);
    expect(rig.lines.filter((line) => !line.startsWith("debug"))).toEqual([
      expect.stringMatching(/^error: The durable state cannot be written: database or disk is full\..* free the disk/),
      expect.stringMatching(/^warning: The durable state can be written again/),
    ]);
  });

  test("holds up nothing that leaves nothing with it, and what was lost or refused meanwhile is not acknowledged", async () => {
    rig = await Rig.open();
    const { disk, clock, durable } = rig;
    const atTheLoss = durable.since();
    disk.fails = (method) => method === "commit" || method === "mend";
    await rig.acknowledged("/orchestrators/program/lost", { steps: [] });

    const lost = atTheLoss();
    const onlyReads = durable.since()();
    const atTheRefusal = durable.since();
    await rig.call("POST", "/orchestrators/program/refused", { steps: [] });
    const refused = atTheRefusal();

    await expect(lost).rejects.toThrow(/full/);
    await expect(onlyReads).resolves.toBeUndefined();
    await expect(refused).rejects.toThrow(/full/);
    disk.fails = () => false;
    await clock.pass(15_000);
    await expect(atTheLoss()).rejects.toThrow(/full/);
  });

  test("runs what was under way again when its result could not be stored", async () => {
    rig = await Rig.open();
    const { disk, clock } = rig;
    await rig.acknowledged("/orchestrators/program/run", { steps: [{ do: "timer", ms: MINUTE_MS }, ...echoes(5)] });
    let failures = 3;

    disk.fails = (method) => method === "deleteWork" && failures-- > 0;
    await clock.pass(5 * MINUTE_MS);

    expect(failures).toBeLessThan(0);
    expect(await rig.status("run")).toMatchObject({ runtimeStatus: "Completed", output: [null, 0, 1, 2, 3, 4] });
  });

  test("stops in the middle of it, and the next start goes on", async () => {
    rig = await Rig.open();
    await rig.acknowledged("/orchestrators/program/run", { steps: [{ do: "event", name: "go" }] });
    rig.disk.fails = (method) => method !== "rollback";
    await rig.acknowledged("/instances/run/raiseEvent/go", 1);

    await rig.stop();
    const again = openSqliteStorage(join(rig.folder, "durable.sqlite"));
    const row = again.instance("run");
    again.close();

    expect(row?.status).toBe("Running");
  });

  test.each(Array.from({ length: 25 }, (_, seed) => seed))("loses and doubles nothing, whichever write fails (seed %i)", async (seed) => {
    rig = await Rig.open();
    const { disk, clock } = rig;
    const random = seededRandom(seed);
    let failed = 0;
    let isFull = false;
    disk.fails = (method) => {
      // Now and then it stays full for a few tries.
      if (method === "mend") isFull &&= random() < 0.5;
      else if (random() < 0.01) isFull = true;
      if (isFull) failed++;
      return isFull;
    };
    const steps = [
      { do: "all", of: echoes(10) },
      { do: "event", name: "go" },
      { do: "timer", ms: 5000 },
      { do: "child", steps: echoes(3) },
    ];
    const host = rig;
    const untilAcknowledged = async (path: string, body: unknown) => {
      for (let tries = 0; tries < 200; tries++) {
        const status = await host.acknowledged(path, body);
        if (status !== 503) return status;
        await clock.pass(1000);
      }
      throw new Error(`${path} was never taken`);
    };

    for (let i = 0; i < 12; i++) {
      await untilAcknowledged(`/orchestrators/program/run-${i}`, { steps });
      // 410: an event whose answer was lost had been stored all the same, and the instance has ended since.
      expect([202, 410]).toContain(await untilAcknowledged(`/instances/run-${i}/raiseEvent/go`, i));
    }
    await clock.pass(10 * MINUTE_MS);
    disk.fails = () => false;
    await clock.pass(10 * MINUTE_MS);

    const output = (i: number) => [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], i, null, [0, 1, 2]];
    for (let i = 0; i < 12; i++) expect(await rig.status(`run-${i}`)).toMatchObject({ runtimeStatus: "Completed", output: output(i) });
    expect(failed).toBeGreaterThan(0);
    expect(rig.storage.work()).toEqual([]);
    expect(rig.storage.messages()).toEqual([]);
  });
});
