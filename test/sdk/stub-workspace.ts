import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { type ProblemDetails, toProblemDetails } from "../../shared/api/problem-details.ts";
import type { SubmitRunRequest } from "../../shared/api/requests.ts";
import type { ForecastResource, OutputResource, RunResource, StepForecast, StepResource } from "../../shared/api/resources.ts";
import type { Route } from "../../shared/api/route.ts";
import { getEnvironment, getWorkspace } from "../../shared/api/routes/catalog.ts";
import { getArtifact, getLog, listArtifacts, listLogs, listMetrics } from "../../shared/api/routes/run-content.ts";
import { cancelRun, forecastRun, getRun, listOutputs, listRuns, listSteps, resubmitRun, submitRun } from "../../shared/api/routes/runs.ts";
import {
  checkFiles,
  commitUpload,
  createSnapshot,
  createUpload,
  getFile,
  listFiles,
  putUploadPart,
} from "../../shared/api/routes/storage.ts";
import { RunId, SnapshotId } from "../../shared/domain/ids.ts";
import type { MetricEntry } from "../../shared/domain/metrics.ts";
import { type Problem, ProblemError } from "../../shared/domain/problems.ts";
import { canonicalManifest } from "../../shared/domain/snapshot-manifest.ts";
import { isSettled, type RunStatus } from "../../shared/domain/statuses.ts";

interface Call {
  readonly params: Record<string, string>;
  readonly query: Record<string, string>;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
}
interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}
type Handler = (call: Call) => Answer | Promise<Answer>;

export interface StubRun {
  run: RunResource;
  steps: StepResource[];
  logs: Map<string, Map<string, string>>;
  metrics: Map<string, MetricEntry[]>;
  outputs: OutputResource[];
}

/** A workspace in memory that holds clients to the routes' own schemas, in both directions. A test sets the stage by its fields. */
export class StubWorkspace implements AsyncDisposable {
  readonly token = "stub-token";
  readonly blobs = new Map<string, Uint8Array>();
  readonly files = new Map<string, Uint8Array>();
  readonly environments = new Map<string, object>();
  /** Text of a run's artifacts by path. */
  readonly artifacts = new Map<string, Map<string, string>>();
  readonly submitted: SubmitRunRequest[] = [];
  readonly runs = new Map<string, StubRun>();
  /** Names of the routes that were called, in order. */
  readonly calls: string[] = [];
  limits = { snapshotBytes: 300 * 1024 * 1024, snapshotFiles: 2000, partBytes: 1024, requestBytes: 1024 * 1024 };
  /** Problems that the next submit is refused with. */
  refusal: Problem | undefined;
  /** Told of each run that was submitted, to give it a fate. */
  onSubmit: (run: StubRun) => void = () => {};
  /** Answers that come before anything else, in order. */
  readonly outages: number[] = [];
  private readonly uploads = new Map<string, Uint8Array[]>();
  private readonly keys = new Map<string, string>();
  private readonly server = createServer((request, response) => void this.serve(request, response));
  private readonly waiters = new Set<() => void>();

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<StubWorkspace> {
    const workspace = new StubWorkspace();
    await new Promise<void>((resolve) => workspace.server.listen(0, "127.0.0.1", resolve));
    return workspace;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.changed();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Lets whoever waits for news look again. */
  changed(): void {
    for (const wake of this.waiters) wake();
    this.waiters.clear();
  }

  /** Moves a step, or with no key the run. */
  move(entry: StubRun, key: string | undefined, change: Partial<StepResource> & { runStatus?: RunStatus }): void {
    const step = entry.steps.find((each) => each.key === key);
    if (step) Object.assign(step, change);
    if (change.runStatus) {
      entry.run.status = change.runStatus;
      if (isSettled(change.runStatus)) entry.run.endedAt = new Date().toISOString();
      if (change.failure) entry.run.failure = change.failure;
    }
    this.changed();
  }

  private readonly handlers: [Route, Handler][] = [
    [
      getWorkspace,
      () => ({
        status: 200,
        body: { name: "stub", version: "0.0.0", defaultCompute: "cpu", defaultDatastore: "workspaceblobstore", limits: this.limits },
      }),
    ],
    [
      getEnvironment,
      ({ params }) => ({ status: 200, body: this.environments.get(params["name"] ?? "") ?? missing("environment", params["name"]) }),
    ],
    [createSnapshot, ({ body }) => this.createSnapshot(createSnapshot.body.parse(body))],
    [createUpload, () => this.createUpload()],
    [putUploadPart, ({ params, body }) => this.putPart(params, body as Uint8Array)],
    [commitUpload, ({ params, body }) => this.commit(params["uploadId"] ?? "", commitUpload.body.parse(body))],
    [
      checkFiles,
      ({ params, body }) => ({ status: 200, body: { missing: this.lacking(params["name"] ?? "", checkFiles.body.parse(body)) } }),
    ],
    [listFiles, ({ params, query }) => this.listFiles(`${params["name"]}/`, query["prefix"] ?? "")],
    [
      getFile,
      ({ params, query }) => ({
        status: 200,
        body: this.files.get(`${params["name"]}/${query["path"]}`) ?? missing("file", query["path"]),
      }),
    ],
    [forecastRun, ({ body }) => ({ status: 200, body: this.forecast(forecastRun.body.parse(body)) })],
    [
      resubmitRun,
      ({ params, body }) => {
        this.resubmits.push(resubmitRun.body.parse(body));
        return { status: 202, body: this.resubmitted(this.find(params).run) };
      },
    ],
    [submitRun, ({ body, headers }) => this.submit(submitRun.body.parse(body), String(headers["idempotency-key"]))],
    [listRuns, ({ query }) => this.listRuns(query)],
    [getRun, ({ params }) => ({ status: 200, body: this.find(params).run })],
    [cancelRun, ({ params }) => this.cancel(this.find(params))],
    [listSteps, ({ params, query }) => this.listSteps(this.find(params), query)],
    [
      listOutputs,
      ({ params, query }) => ({
        status: 200,
        body: { outputs: this.find(params).outputs.filter(({ step }) => !query["step"] || step === query["step"]) },
      }),
    ],
    [
      listArtifacts,
      ({ params }) => ({
        status: 200,
        body: {
          files: [...(this.artifacts.get(params["runId"] ?? "") ?? [])].map(([path, text]) => ({
            path,
            size: text.length,
            modifiedAt: "2025-06-01T10:00:00Z",
          })),
        },
      }),
    ],
    [
      getArtifact,
      ({ params, query }) => ({
        status: 200,
        body: new TextEncoder().encode(
          this.artifacts.get(params["runId"] ?? "")?.get(query["path"] ?? "") ?? missing("file", query["path"]),
        ),
      }),
    ],
    [
      listMetrics,
      ({ params }) => ({
        status: 200,
        body: { runId: params["runId"], metrics: this.owner(params).metrics.get(params["runId"] ?? "") ?? [] },
      }),
    ],
    [listLogs, ({ params }) => this.listLogs(params["runId"] ?? "", this.owner(params))],
    [getLog, ({ params, query }) => this.getLog(params["runId"] ?? "", this.owner(params), query)],
  ];

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await this.answer(request).catch((error: unknown) => toAnswer(error));
    const isBytes = answer.body instanceof Uint8Array;
    response.writeHead(answer.status, { "content-type": isBytes ? "application/octet-stream" : "application/json", ...answer.headers });
    response.end(isBytes ? answer.body : answer.body === undefined ? undefined : JSON.stringify(answer.body));
  }

  private async answer(request: IncomingMessage): Promise<Answer> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const outage = this.outages.shift();
    if (outage !== undefined) return { status: outage };
    if (request.headers.authorization !== `Bearer ${this.token}`)
      throw new ProblemError({ kind: "unauthenticated", reason: "another token" });
    const url = new URL(request.url ?? "/", "http://stub");
    for (const [route, handler] of this.handlers) {
      const params = match(route, request.method ?? "", url.pathname);
      if (!params) continue;
      this.calls.push(route.name);
      const query = Object.fromEntries(url.searchParams);
      const bytes = Buffer.concat(chunks);
      if (bytes.length > (route.maxBodyBytes ?? 1024 * 1024)) throw new Error(`${route.name} got ${bytes.length} bytes`);
      const body = route.body === "bytes" ? new Uint8Array(bytes) : route.body && JSON.parse(bytes.toString());
      for (const [schema, value] of [
        [route.params, params],
        [route.query, query],
        [route.body === "bytes" ? undefined : route.body, body],
      ] as const)
        schema?.parse(value);
      const answer = await handler({ params, query, headers: request.headers, body });
      const reply = route.replies[answer.status];
      if (reply instanceof z.ZodType) reply.parse(answer.body);
      return answer;
    }
    throw new ProblemError({ kind: "not-found", what: "route", id: url.pathname });
  }

  /** Bodies of resubmits, and the run that each is answered with. */
  readonly resubmits: unknown[] = [];
  resubmitted: (run: RunResource) => RunResource = (run) => run;

  /** What a forecast says of a step, by key; those that are not here have never completed. */
  readonly ways = new Map<string, StepForecast["way"]>();

  private forecast({ pipeline }: z.output<typeof forecastRun.body>): ForecastResource {
    const steps = pipeline.steps.map(
      ({ key, name }): StepForecast => ({
        key,
        name: name ?? key,
        way: this.ways.get(key) ?? { kind: "run", because: { reason: "never-completed" } },
      }),
    );
    const count = (kind: string) => steps.filter(({ way }) => way.kind === kind).length;
    return { steps, counts: { reuse: count("reuse"), wait: count("wait"), run: count("run") } };
  }

  private createSnapshot(manifest: z.output<typeof createSnapshot.body>): Answer {
    const missing = [...new Set(manifest.files.map(({ sha256 }) => sha256))].filter((sha256) => !this.blobs.has(sha256));
    const snapshotId = SnapshotId.parse(createHash("sha256").update(canonicalManifest(manifest)).digest("hex"));
    return { status: missing.length > 0 ? 200 : 201, body: { snapshotId, complete: missing.length === 0, missing } };
  }

  private createUpload(): Answer {
    const uploadId = randomUUID();
    this.uploads.set(uploadId, []);
    return { status: 201, body: { uploadId, partBytes: this.limits.partBytes } };
  }

  private putPart(params: Record<string, string>, body: Uint8Array): Answer {
    const parts = this.uploads.get(params["uploadId"] ?? "");
    if (!parts || body.length > this.limits.partBytes) throw new Error("no such upload, or a part too large");
    parts[Number(params["part"])] = body;
    return { status: 204 };
  }

  private commit(uploadId: string, target: z.output<typeof commitUpload.body>): Answer {
    const bytes = Buffer.concat(this.uploads.get(uploadId) ?? []);
    if (target.kind === "file") this.files.set(`${target.datastore}/${target.path}`, checked(bytes, target.sha256));
    let offset = 0;
    for (const { sha256, size } of target.kind === "pack" ? target.files : []) {
      this.blobs.set(sha256, checked(bytes.subarray(offset, offset + size), sha256));
      offset += size;
    }
    return { status: 204 };
  }

  private lacking(datastore: string, { files }: z.output<typeof checkFiles.body>): string[] {
    return files.filter(({ path, sha256 }) => hashOf(this.files.get(`${datastore}/${path}`)) !== sha256).map(({ path }) => path);
  }

  private listFiles(datastore: string, prefix: string): Answer {
    const found = [...this.files].filter(([name]) => name.startsWith(datastore + prefix));
    const files = found.map(([name, bytes]) => ({
      path: name.slice(datastore.length),
      size: bytes.length,
      modifiedAt: new Date(0).toISOString(),
    }));
    return { status: 200, body: { files } };
  }

  private submit(request: SubmitRunRequest, key: string): Answer {
    const { refusal } = this;
    this.refusal = undefined;
    if (refusal) throw new ProblemError(refusal);
    const known = this.keys.get(key);
    if (known !== undefined) return { status: 202, body: this.runs.get(known)?.run };
    this.submitted.push(request);
    const entry = aStubRun(request);
    this.runs.set(entry.run.id, entry);
    this.keys.set(key, entry.run.id);
    this.onSubmit(entry);
    return { status: 202, body: entry.run };
  }

  private listRuns(query: Record<string, string>): Answer {
    const all = [...this.runs.values()].map(({ run }) => run).reverse();
    const runs = all
      .filter(({ status }) => query["status"] === undefined || status === query["status"])
      .slice(0, Number(query["limit"] ?? 50));
    return { status: 200, body: { runs } };
  }

  private cancel(entry: StubRun): Answer {
    if (isSettled(entry.run.status)) throw new ProblemError({ kind: "conflict", message: `the run is ${entry.run.status} already` });
    this.move(entry, undefined, { runStatus: "CancelRequested" });
    return { status: 202, body: entry.run };
  }

  private async listSteps(entry: StubRun, query: Record<string, string>): Promise<Answer> {
    const view = () => ({
      runId: entry.run.id,
      status: entry.run.status as RunStatus,
      revision: hashOf(Buffer.from(JSON.stringify([entry.run, entry.steps]))) ?? "",
      steps: entry.steps,
    });
    while (view().revision === query["after"] && Number(query["waitSeconds"]) > 0)
      await new Promise<void>((wake) => this.waiters.add(wake));
    return { status: 200, body: view() };
  }

  private listLogs(runId: string, entry: StubRun): Answer {
    const logs = entry.logs.get(runId);
    if (!logs) return { status: 200, body: missing("step run", runId) };
    return {
      status: 200,
      body: { files: [...logs].map(([path, text]) => ({ path, size: text.length, modifiedAt: new Date(0).toISOString() })) },
    };
  }

  private async getLog(runId: string, entry: StubRun, query: Record<string, string>): Promise<Answer> {
    const text = () => Buffer.from(entry.logs.get(runId)?.get(query["path"] ?? "") ?? "");
    const from = Number(query["from"] ?? 0);
    const start = () => (from < 0 ? Math.max(0, text().length + from) : from);
    const hasEnded = () => entry.steps.some((step) => step.runId === runId && isSettled(step.status));
    while (text().length <= start() && !hasEnded() && Number(query["waitSeconds"]) > 0)
      await new Promise<void>((wake) => this.waiters.add(wake));
    return { status: 200, body: new Uint8Array(text().subarray(start())), headers: { "x-log-complete": String(hasEnded()) } };
  }

  private find(params: Record<string, string>): StubRun {
    return this.runs.get(params["runId"] ?? "") ?? missing("run", params["runId"]);
  }

  private owner(params: Record<string, string>): StubRun {
    return (
      [...this.runs.values()].find(
        ({ run, steps }) => run.id === params["runId"] || steps.some(({ runId }) => runId === params["runId"]),
      ) ?? missing("run", params["runId"])
    );
  }
}

function aStubRun(request: SubmitRunRequest): StubRun {
  const createdAt = new Date().toISOString();
  const { steps } = request.pipeline;
  const run: RunResource = {
    id: RunId.parse(randomUUID()),
    kind: "pipelineRun",
    experimentName: request.experimentName,
    displayName: request.displayName ?? request.pipeline.name ?? request.experimentName,
    status: "Running",
    revision: "1",
    createdAt,
    startedAt: createdAt,
    steps: { total: steps.length, byStatus: {} },
    tags: request.tags,
    properties: request.properties,
    warnings: request.warnings,
  };
  const views = steps.map(
    (step): StepResource => ({
      key: step.key,
      name: step.name ?? step.key,
      type: step.type,
      runId: RunId.parse(randomUUID()),
      status: "NotStarted",
      attempt: 0,
      dependsOn: [...step.runAfter, ...Object.values(step.inputs).flatMap(({ source }) => ("step" in source ? source.step : []))],
    }),
  );
  return { run, steps: views, logs: new Map(), metrics: new Map(), outputs: [] };
}

function match(route: Route, method: string, pathname: string): Record<string, string> | undefined {
  const pattern = new RegExp(`^/${route.path.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`);
  const found = route.method === method ? pattern.exec(pathname) : null;
  return found
    ? Object.fromEntries(Object.entries(found.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]))
    : undefined;
}

function toAnswer(error: unknown): Answer {
  const problem: ProblemDetails =
    error instanceof ProblemError ? toProblemDetails(error.problem) : { type: "about:blank", title: String(error), status: 500 };
  return { status: problem.status, body: problem, headers: { "content-type": "application/problem+json" } };
}

function missing(what: string, id: string | undefined): never {
  throw new ProblemError({ kind: "not-found", what, id: id ?? "" });
}

function hashOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && createHash("sha256").update(bytes).digest("hex");
}

function checked(bytes: Uint8Array, sha256: string): Uint8Array {
  if (hashOf(bytes) !== sha256)
    throw new ProblemError({ kind: "invalid-request", errors: [{ message: `bytes are not those of ${sha256}` }] });
  return new Uint8Array(bytes);
}
