import { BlobCreatedEvent } from "../../shared/api/events.ts";
import type { Services } from "../../shared/composition.ts";

/** Event Grid `Microsoft.Storage.BlobCreated`: a file came into a datastore. */
export const blobCreated =
  (services: Services) =>
  async (event: unknown): Promise<void> => {
    const parsed = BlobCreatedEvent.safeParse(event);
    if (parsed.success) await services.noteBlobCreated(parsed.data);
    else services.log.warn("an event of another shape came to blobCreated; it is dropped", { problem: parsed.error.issues[0]?.message });
  };
