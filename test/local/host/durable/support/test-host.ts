import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { HostResponse } from "../../../../../local/host/contract.ts";
import { Engine } from "../../../../../local/host/durable/engine.ts";
import { ManagementApi } from "../../../../../local/host/durable/management-api.ts";
import type { DurableOptions } from "../../../../../local/host/durable/options.ts";
import { openSqliteStorage } from "../../../../../local/host/durable/sqlite-storage.ts";
import type { DurableStorage } from "../../../../../local/host/durable/storage.ts";
import { type LoadedWorker, loadWorker } from "../../../../../local/host/worker/load-worker.ts";
import { ObservedWorker } from "../../../../conformance/observed-worker.ts";
import { VirtualClock } from "../../../../support/virtual-clock.ts";

const APP = join(dirname(fileURLToPath(import.meta.url)), "..", "app");
const BEGIN = Date.UTC(2026, 6, 1);
const HOUR_MS = 3_600_000;

let worker: Promise<LoadedWorker> | undefined;

/** The test app, loaded once. */
function app(): Promise<LoadedWorker> {
  worker ??= loadWorker({ appRoot: APP, log: () => {} });
  return worker;
}

export interface Status {
  runtimeStatus: string;
  input: unknown;
  output: unknown;
  customStatus: unknown;
  historyEvents?: Record<string, unknown>[];
}

/** The durable half over the test app in virtual time, with its state in a folder that a test may copy and open again. */
export class TestHost implements AsyncDisposable {
  readonly errors: string[] = [];
  readonly observed: ObservedWorker;
  readonly engine: Engine;
  private readonly api: ManagementApi;
  private readonly putBack: () => void;
  private ended = false;

  private constructor(
    readonly folder: string,
    readonly clock: VirtualClock,
    readonly storage: DurableStorage,
    loaded: LoadedWorker,
    options: Partial<DurableOptions>,
    seed: string,
  ) {
    this.observed = new ObservedWorker(loaded);
    let ids = 0;
    this.engine = new Engine({
      worker: this.observed,
      storage,
      clock,
      random: { hex32: () => `${seed}${(++ids).toString(16)}`.padStart(32, "0") },
      log: (level, message) => {
        if (level === "error") this.errors.push(message);
      },
      options: { hubName: "tests", rpcBaseUrl: "http://127.0.0.1:1/durabletask/", systemKey: "key", checkEvery: 1, ...options },
    });
    this.api = new ManagementApi(this.engine);
    this.putBack = clock.takeOverTimeouts();
  }

  /** `from`: a folder to go on with; `now`: the virtual time to begin at. */
  static async open(
    options: Partial<DurableOptions> & { from?: string; now?: number; storage?: (file: string) => DurableStorage } = {},
  ): Promise<TestHost> {
    const { from, now, storage = openSqliteStorage, ...engine } = options;
    const folder = from ?? mkdtempSync(join(tmpdir(), "penstock-durable-"));
    const clock = new VirtualClock(now ?? BEGIN);
    const host = new TestHost(folder, clock, storage(join(folder, "durable.sqlite")), await app(), engine, from ? "b" : "a");
    host.engine.start();
    return host;
  }

  call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<HostResponse & { json: unknown }> {
    return this.callText(method, path, body === undefined ? "" : JSON.stringify(body), headers);
  }

  async callText(
    method: string,
    path: string,
    body: string,
    headers: Record<string, string> = {},
  ): Promise<HostResponse & { json: unknown }> {
    const [route = "", search] = path.split("?", 2);
    const answer = await this.api.handle({
      method,
      path: route,
      query: new URLSearchParams(search),
      headers: { "content-type": "application/json", ...headers },
      body: Buffer.from(body),
      origin: "http://127.0.0.1:7071",
    });
    return { ...answer, json: answer.body === undefined ? undefined : JSON.parse(answer.body) };
  }

  async start(name: string, input: unknown, id = "run"): Promise<string> {
    const { status } = await this.call("POST", `/orchestrators/${name}/${id}`, input);
    if (status !== 202) throw new Error(`the start of ${id} was answered ${status}`);
    return id;
  }

  async status(id = "run", query = ""): Promise<Status> {
    return (await this.call("GET", `/instances/${id}${query}`)).json as Status;
  }

  async raise(id: string, name: string, data: unknown = null): Promise<number> {
    return (await this.call("POST", `/instances/${id}/raiseEvent/${name}`, data)).status;
  }

  /** Lets everything happen that happens within so much virtual time. */
  async pass(ms = 0): Promise<void> {
    await this.clock.pass(ms);
  }

  /** Lets time pass until an instance has ended, an hour at most. */
  async ending(id = "run"): Promise<Status> {
    await this.clock.pump(() => !["Pending", "Running", "Suspended"].includes(this.storage.instance(id)?.status ?? "Pending"), HOUR_MS);
    return this.status(id);
  }

  /** The state as a killed process leaves it: a copy of the files as they are on the disk now. */
  copy(): string {
    const folder = mkdtempSync(join(tmpdir(), "penstock-durable-"));
    for (const name of ["durable.sqlite", "durable.sqlite-wal"]) {
      if (existsSync(join(this.folder, name))) copyFileSync(join(this.folder, name), join(folder, name));
    }
    return folder;
  }

  async stop(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    await Promise.all([this.engine.stop(0), this.clock.pass(1)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.putBack();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
