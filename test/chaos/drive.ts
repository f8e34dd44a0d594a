import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { RunResource } from "../../shared/api/resources.ts";
import type { Client } from "./client.ts";
import { CASE_MS, until } from "./patience.ts";
import type { Pipeline } from "./pipelines.ts";

export const INPUT = Buffer.alloc(70_000, "input ");
const CODE = Buffer.from("hello from the snapshot\n");
export const ARTIFACT = Buffer.alloc(30_000, "artifact ");
export const METRICS = 4;

/** Uploads a file of the default datastore and a snapshot, as the command line does. @returns the snapshot's id. */
export async function uploadAll(client: Client): Promise<string> {
  await upload(client, INPUT, { kind: "file", datastore: "workspaceblobstore", path: "chaos/input.bin", sha256: sha256(INPUT) });
  const file = { path: "code/hello.txt", size: CODE.length, mode: "644", sha256: sha256(CODE) };
  const ask = () =>
    client.json<{ snapshotId: string; complete: boolean }>({ method: "POST", path: "snapshots", json: { files: [file] } }, 200, 201);
  if (!(await ask()).complete) await upload(client, CODE, { kind: "pack", files: [{ sha256: file.sha256, size: file.size }] });
  const made = await ask();
  if (!made.complete) throw new Error("the workspace lacks the file of a snapshot that it took");
  return made.snapshotId;
}

async function upload(client: Client, bytes: Buffer<ArrayBuffer>, target: unknown): Promise<void> {
  const { uploadId } = await client.json<{ uploadId: string }>({ method: "POST", path: "uploads", json: { size: bytes.length } }, 201);
  const part = () => client.ask({ method: "PUT", path: `uploads/${uploadId}/parts/0`, bytes });
  await part();
  for (;;) {
    const answer = await client.ask({ method: "POST", path: `uploads/${uploadId}/commit`, json: target });
    if (answer.status === 204) return;
    // Parts are not synced: the commit says so when one is missing.
    if (answer.status !== 400 || !/is not there/.test(answer.bytes.toString()))
      throw new Error(`a commit answered ${answer.status}: ${answer.bytes}`);
    await part();
  }
}

/** Submits under a key, logs metrics, tags and an artifact, and cancels where the pipeline says so; each until it is acknowledged. */
export async function drive(client: Client, pipeline: Pipeline, folder: string): Promise<RunResource> {
  const run = await client.json<RunResource>(
    {
      method: "POST",
      path: "runs",
      json: { experimentName: "chaos", pipeline: { steps: pipeline.steps } },
      headers: { "idempotency-key": folder },
    },
    202,
  );
  await Promise.all([logAll(client, run.id), cancelWhenStarted(client, pipeline, run.id, folder)]);
  return await until(
    async () => {
      const now = await client.json<RunResource>({ path: `runs/${run.id}?waitSeconds=1` });
      return ["Completed", "Failed", "Canceled"].includes(now.status) ? now : undefined;
    },
    `the end of the ${pipeline.status} run`,
    CASE_MS,
    25,
  );
}

async function logAll(client: Client, id: string): Promise<void> {
  await client.json({ method: "PATCH", path: `runs/${id}`, json: { tags: { chaos: "yes" } } });
  for (let order = 0; order < METRICS; order++) {
    const entries = [{ kind: "scalar", name: "order", value: order, time: new Date().toISOString() }];
    await client.json({ method: "POST", path: `runs/${id}/metrics`, json: { batchId: randomUUID(), order, entries } }, 204);
  }
  await client.json({ method: "PUT", path: `runs/${id}/artifacts/content?path=from-outside.bin`, bytes: ARTIFACT });
}

async function cancelWhenStarted(client: Client, { cancelAt }: Pipeline, id: string, folder: string): Promise<void> {
  if (cancelAt === undefined) return;
  await until(() => existsSync(join(folder, "count", cancelAt)) || undefined, `the start of step ${cancelAt}`, CASE_MS);
  await client.json({ method: "POST", path: `runs/${id}/cancel` }, 202);
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
