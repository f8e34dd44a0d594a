import { createHash } from "node:crypto";
import { PROVIDER } from "../contract.ts";
import type { WorkspaceCoordinates } from "../options.ts";
import type { JobRecord } from "../store/job-records.ts";

/** Event Grid's own schema, which is not CloudEvents'. */
export interface EventGridEvent {
  id: string;
  topic: string;
  subject: string;
  eventType: string;
  eventTime: string;
  data: Record<string, unknown>;
  dataVersion: string;
  metadataVersion: string;
}

export function workspaceId({ subscriptionId, resourceGroup, workspaceName }: WorkspaceCoordinates): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/${PROVIDER}/workspaces/${workspaceName}`;
}

/** `Microsoft.MachineLearningServices.RunStatusChanged` for the job's present status. The same change has the same id, however often it is sent. */
export function runStatusChanged(job: JobRecord, workspace: WorkspaceCoordinates): EventGridEvent {
  const experimentName = job.properties.experimentName ?? "Default";
  const experimentId = guidOf(`experiment/${experimentName}`);
  return {
    id: guidOf(`${job.name}/${job.state.createdAt}/${job.state.changes}`),
    topic: workspaceId(workspace),
    subject: `experiments/${experimentId}/runs/${job.name}`,
    eventType: `${PROVIDER}.RunStatusChanged`,
    eventTime: job.state.statusAt,
    data: {
      experimentId,
      experimentName,
      runId: job.name,
      runType: "azureml.scriptrun",
      runTags: job.properties.tags ?? {},
      runProperties: job.properties.properties ?? {},
      runStatus: job.state.status,
    },
    dataVersion: "1.0",
    metadataVersion: "1",
  };
}

/** A GUID that is always the same for one name: version 8, RFC 9562 §5.8. */
export function guidOf(name: string): string {
  const digits = createHash("sha256").update(name).digest("hex");
  const variant = ((Number.parseInt(digits.slice(16, 17), 16) & 3) | 8).toString(16);
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `8${digits.slice(13, 16)}`,
    `${variant}${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ].join("-");
}
