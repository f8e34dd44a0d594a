import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Bench, Family } from "../family.ts";
import { otherFigure } from "../gate/measure-pairs.ts";
import { MASTER_KEY } from "../helpers/functions-host.ts";
import type { LoadRequest, LoadResult } from "../helpers/load.ts";
import { type RowSpec, resultOf } from "../report/row.ts";
import { Helper } from "../support/helper.ts";
import { KeepAliveClient } from "../support/keep-alive-client.ts";
import { median } from "../support/statistics.ts";
import { waitUntil } from "../support/wait-until.ts";

const CALLERS = 32;
const HELLOS = 1000;
const CITIES = 5;
const PARKED_RUNS = 10_000;
const API = "/runtime/webhooks/durabletask";

const HELLO: RowSpec = {
  name: "hello-cities",
  what: `orchestrations per second, ${HELLOS} of ${CITIES} activities each, started over HTTP`,
  unit: "1/s",
  limit: 500,
  better: "higher",
};
const PARKED: RowSpec = {
  name: "parked",
  what: `${PARKED_RUNS} orchestrations that wait for an event between two activities: start and finish, over HTTP`,
  unit: "s",
  limit: 10,
  better: "lower",
};
const PARKED_MEMORY: RowSpec = {
  name: "parked-memory",
  what: "growth of the host's resident memory for each that waits",
  unit: "KiB",
  limit: 12,
  better: "lower",
};

/** The embedded host with orchestrations of the kind that engines are compared by. */
export const orchestrationRows: Family = {
  rows: [HELLO, PARKED, PARKED_MEMORY],
  async measure(bench) {
    const load = new Helper("load");
    const inserts = new Helper("inserts", { args: [bench.folder] });
    try {
      if (bench.wants(HELLO)) await hello(bench, load, inserts);
      if (bench.wants(PARKED) || bench.wants(PARKED_MEMORY)) await parked(bench, load, inserts);
    } finally {
      await Promise.all([load.end(), inserts.end()]);
    }
  },
};

async function hello(bench: Bench, load: Helper, inserts: Helper): Promise<void> {
  const host = await FreshHost.start(bench);
  const once = async (count: number) => {
    const done = await host.done();
    const began = performance.now();
    await host.ask(load, "/orchestrators/helloCities", count);
    await host.untilDone(done + count * CITIES);
    return performance.now() - began;
  };
  try {
    await once(200);
    const pairs = await bench.pairs(HELLO, {
      product: () => once(HELLOS),
      baseline: () => inserts.ask<number>({ rows: HELLOS }),
    });
    bench.report(
      resultOf(HELLO, pairs, ({ product }) => (HELLOS / product) * 1000, "baseline: ms for 1,000 rows of SQLite, a synced commit each"),
    );
  } finally {
    await host.end();
  }
}

async function parked(bench: Bench, load: Helper, inserts: Helper): Promise<void> {
  const count = bench.quick ? PARKED_RUNS / 5 : PARKED_RUNS;
  const once = async () => {
    const host = await FreshHost.start(bench);
    try {
      await host.ask(load, "/orchestrators/helloCities", 50);
      await host.untilDone(50 * CITIES);
      const before = await host.memory();
      const began = performance.now();
      await host.ask(load, "/orchestrators/parked/run-{n}", count);
      await host.untilDone(50 * CITIES + count, "parked");
      const started = performance.now() - began;
      const memory = (await host.memory()) - before;
      const released = performance.now();
      await host.ask(load, "/instances/run-{n}/raiseEvent/go", count);
      await host.untilDone(50 * CITIES + 2 * count);
      const finished = performance.now() - released;
      return { value: started + finished, others: { started, finished, memory } };
    } finally {
      await host.end();
    }
  };
  const pairs = await bench.pairs(PARKED, { product: once, baseline: () => inserts.ask<number>({ rows: count }) });
  const size = count === PARKED_RUNS ? undefined : `only ${count}`;
  const secondsTo = (part: string) => (median(otherFigure(pairs, part).kept.map(({ product }) => product)) / 1000).toFixed(1);
  const spans = `start ${secondsTo("started")} s, finish ${secondsTo("finished")} s`;
  const note = [size, spans, "baseline: ms for as many rows of SQLite, a synced commit each"].filter(Boolean).join("; ");
  if (bench.wants(PARKED)) bench.report(resultOf(PARKED, pairs, ({ product }) => product / 1000, note));
  if (!bench.wants(PARKED_MEMORY)) return;
  bench.report(resultOf(PARKED_MEMORY, otherFigure(pairs, "memory"), ({ product }) => product / 1024 / count, size));
}

/** An embedded host with a state of its own. */
class FreshHost {
  readonly #helper: Helper;
  readonly #folder: string;
  readonly #port: number;

  private constructor(helper: Helper, folder: string, port: number) {
    this.#helper = helper;
    this.#folder = folder;
    this.#port = port;
  }

  static async start(bench: Bench): Promise<FreshHost> {
    const folder = mkdtempSync(join(bench.folder, "orchestrations-"));
    const helper = new Helper("functions-host", { args: ["orchestrations", folder] });
    const { port } = await helper.ask<{ port: number }>({ kind: "where" });
    return new FreshHost(helper, folder, port);
  }

  /** POSTs to the management API, so often. */
  ask(load: Helper, path: string, requests: number): Promise<LoadResult> {
    const request: LoadRequest = {
      port: this.#port,
      method: "POST",
      path: `${API}${path}`,
      headers: { "x-functions-key": MASTER_KEY },
      body: "null",
      connections: CALLERS,
      until: { requests },
    };
    return load.ask<LoadResult>(request);
  }

  done(): Promise<number> {
    return this.#helper.ask<number>({ kind: "done" });
  }

  /** Waits until so many activities have run and every orchestration has ended, those apart that are to be parked. */
  async untilDone(activities: number, left?: "parked"): Promise<void> {
    await waitUntil(async () => (await this.done()) >= activities || undefined, `${activities} activities`, { seconds: 300 });
    const http = new KeepAliveClient(`http://127.0.0.1:${this.#port}`);
    try {
      await waitUntil(async () => (await this.#isSettled(http, left)) || undefined, "the orchestrations to settle", { seconds: 300 });
    } finally {
      http.close();
    }
  }

  async #isSettled(http: KeepAliveClient, left: string | undefined): Promise<boolean> {
    const path = `${API}/instances?runtimeStatus=Running,Pending&top=1&code=${MASTER_KEY}`;
    const [first] = await http.json<{ name: string; instanceId: string }[]>("GET", path);
    return first === undefined || first.name === left;
  }

  memory(): Promise<number> {
    return this.#helper.ask<number>({ kind: "memory" });
  }

  async end(): Promise<void> {
    await this.#helper.end();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
