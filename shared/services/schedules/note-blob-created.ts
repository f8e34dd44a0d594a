import type { BlobCreatedEvent } from "../../api/events.ts";
import { RelativePath } from "../../domain/ids.ts";
import { watches } from "../../domain/schedules/blob-change.ts";
import type { Catalog } from "../catalog.ts";
import { inBatches } from "../in-batches.ts";
import { noteChange } from "./note-change.ts";
import type { RunTickDeps } from "./run-tick.ts";

export interface NoteBlobCreatedDeps extends RunTickDeps {
  catalog: Catalog;
}

const SUBJECT = /^\/blobServices\/default\/containers\/([^/]+)\/blobs\/(.+)$/;
const AT_ONCE = 8;

/**
 * Takes notice that a file came into a datastore: every schedule that watches its folder takes the change. When it resolves, that is on disk.
 * @throws when a schedule could not take it; Event Grid tells of it again.
 */
export const noteBlobCreated =
  (deps: NoteBlobCreatedDeps) =>
  async ({ id, subject, eventTime, data }: BlobCreatedEvent): Promise<void> => {
    const [, container = "", path = ""] = SUBJECT.exec(subject) ?? [];
    const etag = data.eTag.replaceAll('"', "");
    deps.log.info("a file came into a datastore", { container, path, etag, eventId: id });
    const watching = await deps.store.watching();
    if (watching.length === 0) return;
    if (!RelativePath.safeParse(path).success) return deps.log.warn("a blob's path is none that a run can be given", { container, path });
    await inBatches(watching, AT_ONCE, async (schedule) => {
      const { trigger, watchingSince } = schedule;
      if (trigger.kind !== "blobChange" || !watches(trigger, path) || Date.parse(eventTime) < Date.parse(watchingSince)) return;
      const datastore = await deps.catalog.find("datastores", trigger.datastore);
      if (datastore?.container === container) await noteChange(deps, schedule, trigger, { path, etag });
    });
    await deps.store.durable();
  };
