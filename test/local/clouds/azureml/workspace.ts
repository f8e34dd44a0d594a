import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type AzureMl, type AzureMlOptions, createAzureMl } from "../../../../local/clouds/azureml/azureml.ts";
import { processTable } from "../../../../local/clouds/azureml/jobs/processes.ts";
import type { EventGridEvent } from "../../../../local/clouds/azureml/jobs/run-status-event.ts";

export const COORDINATES = {
  subscriptionId: "00000000-0000-0000-0000-000000000001",
  resourceGroup: "penstock",
  workspaceName: "laptop",
  location: "local",
};
export const WORKSPACE = `/subscriptions/${COORDINATES.subscriptionId}/resourceGroups/penstock/providers/Microsoft.MachineLearningServices/workspaces/laptop`;
export const TOKEN = "a-token-for-azure-resource-manager";
export const TERMINAL = ["Completed", "Failed", "Canceled"];

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: what is in it is what a test is about.
  body: any;
  text: string;
}

/** The folders and addresses of a workspace under test; its server may be here or in a process of its own. */
export class TestFolders {
  readonly root = mkdtempSync(join(tmpdir(), "azureml-"));
  readonly state = join(this.root, "state");
  readonly blobs = join(this.root, "blobs");
  readonly artifacts = join(this.root, "artifacts");

  constructor() {
    for (const folder of [this.blobs, this.artifacts]) mkdirSync(folder);
  }

  options(): AzureMlOptions {
    return {
      stateFolder: this.state,
      workspace: COORDINATES,
      datastores: { workspaceblobstore: this.blobs, workspaceartifactstore: this.artifacts },
      verifyToken: async (token) => {
        if (token !== TOKEN) throw new Error("wrong token");
      },
    };
  }

  /** Writes a file into the default datastore. */
  write(path: string, content: string | Buffer): string {
    const file = join(this.blobs, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  artifact(job: string, path: string): string {
    return join(this.artifacts, "ExperimentRun", `dcid.${job}`, path);
  }

  log(job: string): string {
    return readFileSync(this.artifact(job, "user_logs/std_log.txt"), "utf8");
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Speaks to a workspace over HTTP. */
export class TestClient {
  readonly folders: TestFolders;
  readonly #events: EventGridEvent[] = [];
  readonly #seen = new Set<() => void>();
  readonly #agent = new http.Agent({ keepAlive: true });
  address: string;

  constructor(folders: TestFolders, address: string) {
    this.folders = folders;
    this.address = address;
  }

  close(): void {
    this.#agent.destroy();
  }

  /** To be given the events that the server sends. */
  readonly receive = async (events: EventGridEvent[]): Promise<void> => {
    this.#events.push(...events);
    for (const look of this.#seen) look();
  };

  /** The statuses that were told of a job. */
  told(job: string): unknown[] {
    return this.#events.filter((event) => event.data["runId"] === job).map((event) => event.data["runStatus"]);
  }

  /** Resolves with the first event that fits, also an earlier one. */
  event(fits: (event: EventGridEvent) => boolean): Promise<EventGridEvent> {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.#events.find(fits);
        if (!found) return;
        this.#seen.delete(look);
        resolve(found);
      };
      this.#seen.add(look);
      look();
    });
  }

  request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const all = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json", ...headers };
    return new Promise((resolve, reject) => {
      const request = http.request(`${this.address}${path}`, { method, headers: all, agent: this.#agent }, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part) => parts.push(part));
        response.on("error", reject);
        response.on("end", () => {
          const answer = Buffer.concat(parts).toString("utf8");
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text: answer, body: parsed(answer) });
        });
      });
      request.on("error", reject);
      request.end(text);
    });
  }

  arm(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.request(method, `${WORKSPACE}${path}${path.includes("?") ? "&" : "?"}api-version=2024-04-01`, body);
  }

  /** A cluster, an environment without packages and, if given, a snapshot of these files. */
  async prepare(files?: Record<string, string>, nodes = 4): Promise<void> {
    await this.putCluster(nodes);
    await this.arm("PUT", "/environments/plain/versions/1", { properties: {} });
    if (files) await this.putCode(files);
  }

  putCluster(nodes: number): Promise<Answer> {
    const properties = { computeType: "AmlCompute", properties: { vmSize: "STANDARD_DS3_V2", scaleSettings: { maxNodeCount: nodes } } };
    return this.arm("PUT", "/computes/cpu-cluster", { location: "local", properties });
  }

  putCode(files: Record<string, string>, name = "snapshot"): Promise<Answer> {
    for (const [path, content] of Object.entries(files)) this.folders.write(`snapshots/${name}/${path}`, content);
    const codeUri = pathToFileURL(join(this.folders.blobs, "snapshots", name)).href;
    return this.arm("PUT", `/codes/${name}/versions/1`, { properties: { codeUri, isAnonymous: true } });
  }

  putJob(name: string, properties: Record<string, unknown>): Promise<Answer> {
    return this.arm("PUT", `/jobs/${name}`, { properties: aJob(properties) });
  }

  /** Submits a job and waits for its end. */
  async run(name: string, properties: Record<string, unknown>): Promise<Answer["body"]> {
    const answer = await this.putJob(name, properties);
    if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`);
    await this.ended(name);
    return this.details(name);
  }

  async ended(name: string): Promise<void> {
    await this.event(({ data }) => data["runId"] === name && TERMINAL.includes(String(data["runStatus"])));
  }

  async became(name: string, status: string): Promise<void> {
    await this.event(({ data }) => data["runId"] === name && data["runStatus"] === status);
  }

  async status(name: string): Promise<string> {
    return (await this.arm("GET", `/jobs/${name}`)).body.properties.status;
  }

  async details(name: string): Promise<Answer["body"]> {
    return (await this.request("GET", `/history/v1.0${WORKSPACE}/runs/${name}/details`)).body;
  }
}

/** A workspace whose server runs in this process. */
export class TestWorkspace extends TestClient {
  #server: http.Server | undefined;
  #azureml: AzureMl | undefined;
  readonly #options: Partial<AzureMlOptions>;

  constructor(options: Partial<AzureMlOptions> = {}) {
    super(new TestFolders(), "");
    this.#options = options;
  }

  async start(options: Partial<AzureMlOptions> = {}): Promise<this> {
    const azureml = await createAzureMl({
      ...this.folders.options(),
      eventSink: this.receive,
      eventHoldMilliseconds: 0,
      log: () => undefined,
      ...this.#options,
      ...options,
    });
    this.#azureml = azureml;
    this.#server = http.createServer((request, response) => void azureml.handle(request, response));
    await new Promise<void>((resolve) => this.#server?.listen(0, "127.0.0.1", resolve));
    this.address = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    await azureml.start();
    azureml.startWaiting();
    return this;
  }

  async stop(preempt = false): Promise<void> {
    await this.#azureml?.stop({ preempt });
    this.#azureml = undefined;
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  /** Ends everything. */
  async dispose(): Promise<void> {
    if (this.#azureml) await this.stop(true);
    this.close();
    this.folders.remove();
  }
}

/** A command job that is valid as it comes. */
export function aJob(properties: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    jobType: "Command",
    command: "true",
    experimentName: "tests",
    computeId: `${WORKSPACE}/computes/cpu-cluster`,
    environmentId: `${WORKSPACE}/environments/plain/versions/1`,
    ...properties,
  };
}

export const CODE_ID = `${WORKSPACE}/codes/snapshot/versions/1`;

/** An output that is mounted at a folder of the default datastore. */
export function mountedAt(path: string): unknown {
  return { jobOutputType: "uri_folder", uri: `azureml://datastores/workspaceblobstore/paths/${path}` };
}

/** Resolves when the condition holds; for what nobody sends an event about. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Whether a process lives; one that ended and that nobody waited for does not. */
export async function isAlive(pid: number): Promise<boolean> {
  return (await processTable.find(pid)) !== undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
