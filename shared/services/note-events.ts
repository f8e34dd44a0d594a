import type { BlobCreatedEvent, JobStatusEvent } from "../api/events.ts";
import { RunId } from "../domain/ids.ts";
import type { Log } from "../ports/log.ts";
import type { Orchestrations } from "../ports/orchestrations.ts";

/** Wakes the step run that a job belongs to. The event's own words are not believed: the step looks at its job. Repeats and strangers change nothing. */
export const noteJobChange =
  ({ orchestrations }: { orchestrations: Orchestrations }) =>
  async ({ data }: JobStatusEvent): Promise<void> => {
    const stepRunId = RunId.safeParse(data.runId.replace(/_\d+$/, ""));
    if (stepRunId.success && data.runId !== stepRunId.data)
      await orchestrations.raise(stepRunId.data, "jobChanged", { status: data.runStatus });
  };

/** Writes down that a file came into a datastore. */
export const noteBlobCreated =
  ({ log }: { log: Log }) =>
  async ({ id, subject, data }: BlobCreatedEvent): Promise<void> => {
    const [, container, path] = /^\/blobServices\/default\/containers\/([^/]+)\/blobs\/(.+)$/.exec(subject) ?? [];
    log.info("a file came into a datastore", { container, path, etag: data.eTag, eventId: id });
  };
