import type { ApiClient } from "../sdk/client.ts";
import { inParallel } from "../sdk/in-parallel.ts";
import type { FileResource, StepResource } from "../shared/api/resources.ts";
import { getArtifact, listArtifacts } from "../shared/api/routes/run-content.ts";
import type { RunId } from "../shared/domain/ids.ts";

/** A file that a step left without having declared it: uploaded by its script, or found in its ./outputs and ./logs. `path` is below its run. */
export interface Artifact {
  readonly step: string;
  readonly runId: RunId;
  readonly file: FileResource;
}

/** What `run logs` shows; beside it a file is something that somebody left on purpose. */
const LOG_FOLDERS = /^(user_logs|azureml-logs|system_logs)\//;
/** Bytes asked for at once. */
const RANGE_BYTES = 32 * 1024 * 1024;

/** Artifacts of the steps that have begun, the first 1,000 of each. */
export async function artifactsOf(
  client: ApiClient,
  steps: readonly Pick<StepResource, "key" | "runId" | "attempt">[],
): Promise<Artifact[]> {
  const found = new Map<string, Artifact[]>();
  const begun = steps.filter(({ attempt }) => attempt > 0);
  await inParallel(begun, 8, async ({ key, runId }) => {
    const { files } = (await client.call(listArtifacts, { params: { runId } })).body;
    found.set(
      key,
      files.filter(({ path }) => !LOG_FOLDERS.test(path)).map((file) => ({ step: key, runId, file })),
    );
  });
  return begun.flatMap(({ key }) => found.get(key) ?? []);
}

/** An artifact's bytes, a range at a time: an answer holds no more than so many. */
export async function* artifactBytes(client: ApiClient, { runId, file }: Artifact): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < file.size; from += RANGE_BYTES) {
    const headers = { range: `bytes=${from}-${Math.min(file.size, from + RANGE_BYTES) - 1}` };
    yield (await client.call(getArtifact, { params: { runId }, query: { path: file.path }, headers }, { timeoutSeconds: 600 })).body;
  }
}
