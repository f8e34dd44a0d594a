import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { guidOf } from "../guid-of.ts";
import type { Delivery } from "./storage-records.ts";

/** Event Grid's own schema, which is not CloudEvents'. */
export interface EventGridEvent {
  readonly id: string;
  readonly topic: string;
  readonly subject: string;
  readonly eventType: string;
  readonly eventTime: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly dataVersion: string;
  readonly metadataVersion: string;
}

export interface Container {
  readonly name: string;
  readonly folder: string;
  /** ARM id of the storage account. */
  readonly account: string;
}

/** `Microsoft.Storage.BlobCreated`. The same file with the same content has the same event id, however often it is reported. */
export function blobCreated({ path, size, etag, seenAt, position }: Delivery, container: Container): EventGridEvent {
  return {
    id: guidOf(`${container.account}/${container.name}/${path}/${etag}`),
    topic: container.account,
    subject: `/blobServices/default/containers/${container.name}/blobs/${path}`,
    eventType: "Microsoft.Storage.BlobCreated",
    eventTime: seenAt,
    data: {
      api: "PutBlob",
      clientRequestId: guidOf(`client/${path}/${etag}`),
      requestId: guidOf(`request/${path}/${etag}`),
      eTag: etag,
      contentType: "application/octet-stream",
      contentLength: size,
      blobType: "BlockBlob",
      url: pathToFileURL(join(container.folder, path)).href,
      sequencer: position.toString(16).padStart(32, "0"),
      storageDiagnostics: { batchId: guidOf(`batch/${path}/${etag}`) },
    },
    dataVersion: "",
    metadataVersion: "1",
  };
}

/** The first event of a subscription: its endpoint proves that it wants events by answering with the code. */
export function subscriptionValidation(container: Container, validationCode: string): EventGridEvent {
  return {
    id: randomUUID(),
    topic: container.account,
    subject: "",
    eventType: "Microsoft.EventGrid.SubscriptionValidationEvent",
    eventTime: new Date().toISOString(),
    data: { validationCode },
    dataVersion: "2",
    metadataVersion: "1",
  };
}
