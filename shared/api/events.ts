import { z } from "zod";

/** What is read of Event Grid's `Microsoft.MachineLearningServices.RunStatusChanged`; the rest is left alone. */
export const JobStatusEvent = z.object({
  id: z.string(),
  eventType: z.literal("Microsoft.MachineLearningServices.RunStatusChanged"),
  data: z.object({ runId: z.string(), runStatus: z.string() }),
});
export type JobStatusEvent = z.infer<typeof JobStatusEvent>;

/** What is read of Event Grid's `Microsoft.Storage.BlobCreated`. `subject` is `/blobServices/default/containers/<container>/blobs/<path>`. */
export const BlobCreatedEvent = z.object({
  id: z.string(),
  eventType: z.literal("Microsoft.Storage.BlobCreated"),
  subject: z.string().regex(/^\/blobServices\/default\/containers\/[^/]+\/blobs\/.+$/),
  eventTime: z.string(),
  data: z.object({ eTag: z.string(), contentLength: z.number().optional() }),
});
export type BlobCreatedEvent = z.infer<typeof BlobCreatedEvent>;
