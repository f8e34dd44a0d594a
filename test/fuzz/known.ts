import { createHash } from "node:crypto";
import { ApiClient } from "../../sdk/client.ts";
import { putCompute, putDatastore, putEnvironment } from "../../shared/api/routes/catalog.ts";
import { registerDataset } from "../../shared/api/routes/datasets.ts";
import { createPipelineDraft } from "../../shared/api/routes/pipeline-drafts.ts";
import { createPipelineEndpoint } from "../../shared/api/routes/pipeline-endpoints.ts";
import { publishPipeline } from "../../shared/api/routes/published-pipelines.ts";
import { createChildRun, logMetrics, putArtifact } from "../../shared/api/routes/run-content.ts";
import { getRun, listSteps, submitRun } from "../../shared/api/routes/runs.ts";
import { createSchedule } from "../../shared/api/routes/schedules.ts";
import { commitUpload, createSnapshot, createUpload, putUploadPart } from "../../shared/api/routes/storage.ts";
import { RunId } from "../../shared/domain/ids.ts";
import { until } from "../chaos/patience.ts";
import type { FuzzedWorkspace } from "./workspace.ts";

/** What the workspace holds, for requests that get as far as to find something. */
export interface Known {
  runs: string[];
  snapshots: string[];
  uploads: string[];
  paths: string[];
  names: string[];
  published: string[];
  drafts: string[];
  schedules: string[];
  /** Ids and names of endpoints and datasets. */
  assets: string[];
}

const RUN_MS = 60_000;
/** Longer than any fuzzing. The only node is taken by it: what is submitted later waits, and no random text becomes a command. */
const BLOCKER = "sleep 100000";

/** Fills the workspace with one of everything. */
export async function fill({ address, token }: FuzzedWorkspace): Promise<Known> {
  const client = new ApiClient({ url: address, token });
  await client.call(putCompute, { params: { name: "fuzz" }, body: { kind: "AmlCompute", target: "cpu-cluster" } });
  await client.call(putDatastore, { params: { name: "fuzz" }, body: { kind: "AzureBlob", container: "workspaceblobstore" } });
  await client.call(putEnvironment, { params: { name: "fuzz" }, body: { spec: {} } });
  const { runId, stepRunId } = await aFinishedRun(client);
  const child = await client.call(createChildRun, { params: { runId: stepRunId }, body: { name: "child" } });
  await client.call(logMetrics, {
    params: { runId: stepRunId },
    body: { batchId: crypto.randomUUID(), order: 1, entries: [{ kind: "scalar", name: "m", value: 1, time: "2026-01-01T00:00:00Z" }] },
  });
  await client.call(putArtifact, { params: { runId: stepRunId }, query: { path: "outputs/a.txt" }, body: Buffer.from("0123456789") });
  await submit(client, BLOCKER); // nobody is told its id, which may be used to cancel it
  const waiting = await submit(client, "true");
  return {
    runs: [runId, stepRunId, child.body.id, waiting],
    snapshots: [await aSnapshot(client)],
    uploads: [await anUpload(client, Buffer.from("0123456789")), await anUpload(client, Buffer.alloc(0))],
    paths: ["outputs/a.txt", "user_logs/std_log.txt", "in/t.csv", "main.py"],
    names: ["fuzz", "workspaceblobstore", "cpu-cluster"],
    ...(await published(client)),
  };
}

/** Published pipelines that may be disabled or deleted on the way, and what stands before and beside them. */
async function published(client: ApiClient): Promise<Pick<Known, "published" | "drafts" | "assets" | "schedules">> {
  const steps = [{ type: "CommandStep" as const, key: "a", command: ["true"] }];
  const publish = async () => (await client.call(publishPipeline, { body: { name: "fuzz", pipeline: { steps } } })).body.id;
  const [inEndpoint, alone] = [await publish(), await publish()];
  const endpoint = await client.call(createPipelineEndpoint, { body: { name: "fuzz", pipelineId: inEndpoint } });
  const draft = await client.call(createPipelineDraft, { body: { pipeline: { steps } } });
  const dataset = await client.call(registerDataset, { body: { name: "fuzz", datastore: "fuzz", path: "in/t.csv" } });
  const trigger = { kind: "cron" as const, expression: "0 0 1 1 *" };
  const schedule = { name: "fuzz", experimentName: "fuzz", pipelineId: inEndpoint, trigger };
  const schedules = [
    await client.call(createSchedule, { body: schedule }),
    await client.call(createSchedule, { body: { ...schedule, status: "Disabled" as const } }),
  ];
  return {
    published: [inEndpoint, alone],
    drafts: [draft.body.id],
    schedules: schedules.map(({ body }) => body.id),
    assets: ["fuzz", endpoint.body.id, dataset.body.id],
  };
}

async function submit(client: ApiClient, command: string): Promise<RunId> {
  const steps = [{ type: "CommandStep" as const, key: "a", command: [command], outputs: { o: {} } }];
  return (await client.call(submitRun, { body: { experimentName: "fuzz", pipeline: { steps } }, headers: {} })).body.id;
}

async function aFinishedRun(client: ApiClient): Promise<{ runId: RunId; stepRunId: RunId }> {
  const runId = await submit(client, "echo hello > $AZUREML_DATAREFERENCE_o/x; echo said");
  await until(
    async () => (await client.call(getRun, { params: { runId } })).body.status === "Completed" || undefined,
    "the first run's end",
    RUN_MS,
  );
  const [step] = (await client.call(listSteps, { params: { runId } })).body.steps;
  return { runId, stepRunId: RunId.parse(step?.runId) };
}

async function aSnapshot(client: ApiClient): Promise<string> {
  const bytes = Buffer.from("print(1)\n");
  const sha256 = sha256Of(bytes);
  const uploadId = await anUpload(client, bytes);
  await client.call(commitUpload, { params: { uploadId }, body: { kind: "pack", files: [{ sha256, size: bytes.length }] } });
  const files = [{ path: "main.py", size: bytes.length, mode: "644" as const, sha256 }];
  return (await client.call(createSnapshot, { body: { files } })).body.snapshotId;
}

/** All parts are there, and nothing is committed. */
async function anUpload(client: ApiClient, bytes: Buffer): Promise<string> {
  const { uploadId } = (await client.call(createUpload, { body: { size: bytes.length } })).body;
  if (bytes.length > 0) await client.call(putUploadPart, { params: { uploadId, part: 0 }, body: bytes });
  return uploadId;
}

function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
