import { createHash } from "node:crypto";
import type { TokenCredential } from "@azure/identity";
import type { BlobServiceClient, StorageRetryOptions } from "@azure/storage-blob";
import { isLoopback, type ServiceConnection } from "../../domain/service-connection.ts";
import { StoreError } from "../../ports/documents.ts";

/** sha256 of the account key of Microsoft's emulators, which everybody knows. */
const EMULATOR_KEY_SHA256 = "0011cc25eb4320717494d2703e8cba85743e71b500283c21c8b88147992f9059";
/** What the word `UseDevelopmentStorage=true` stands for (https://learn.microsoft.com/azure/storage/common/storage-connect-azurite). */
const DEVELOPMENT_STORAGE = "http://127.0.0.1:10000/devstoreaccount1";
const FORM = "AccountName=…;AccountKey=…;BlobEndpoint=https://…;";

/** Five tries within half a minute, of which the SDK makes each again after no answer, 429, 500 and 503. */
const RETRIES = { maxTries: 5, retryDelayInMs: 200, maxRetryDelayInMs: 8_000, tryTimeoutInMs: 100_000 };

/** Where the account's blobs are reached, without a slash at the end. @throws {StoreError} `unavailable` when the settings name no account. */
export function blobEndpoint(connection: ServiceConnection): string {
  const endpoint = connection.by === "identity" ? connection.endpoint : endpointOf(partsOf(connection.connectionString));
  return endpoint.replace(/\/+$/, "");
}

/** A client for the account. The SDK is loaded here and not before: an app that keeps its blobs elsewhere does without. */
export async function connectStorage({
  connection,
  credential,
  retry = RETRIES,
}: {
  connection: ServiceConnection;
  credential: TokenCredential;
  retry?: StorageRetryOptions;
}): Promise<BlobServiceClient> {
  const { BlobServiceClient } = await import("@azure/storage-blob");
  const options = { retryOptions: retry, userAgentOptions: { userAgentPrefix: "penstock" } };
  if (connection.by === "identity") return new BlobServiceClient(connection.endpoint, credential, options);
  return BlobServiceClient.fromConnectionString(connection.connectionString, options);
}

function endpointOf(parts: ReadonlyMap<string, string>): string {
  if (parts.get("UseDevelopmentStorage") === "true") return DEVELOPMENT_STORAGE;
  const account = parts.get("AccountName");
  const suffix = parts.get("EndpointSuffix") ?? "core.windows.net";
  const endpoint =
    parts.get("BlobEndpoint") ?? (account && `${parts.get("DefaultEndpointsProtocol") ?? "https"}://${account}.blob.${suffix}`);
  if (!endpoint || !URL.canParse(endpoint)) throw new StoreError("unavailable", `PENSTOCK_STORAGE is no connection string: ${FORM}`);
  const key = createHash("sha256")
    .update(parts.get("AccountKey") ?? "")
    .digest("hex");
  if (key === EMULATOR_KEY_SHA256 && !isLoopback(endpoint)) {
    throw new StoreError(
      "unavailable",
      `PENSTOCK_STORAGE names ${endpoint} with the emulator's key, which everybody knows; use an identity`,
    );
  }
  return endpoint;
}

function partsOf(connectionString: string): Map<string, string> {
  return new Map(
    connectionString
      .split(";")
      .map((part): [string, string] => [part.slice(0, part.indexOf("=")).trim(), part.slice(part.indexOf("=") + 1).trim()]),
  );
}
