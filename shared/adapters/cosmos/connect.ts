import { createHash } from "node:crypto";
import type { CosmosClient } from "@azure/cosmos";
import type { TokenCredential } from "@azure/identity";
import { isLoopback, type ServiceConnection } from "../../domain/service-connection.ts";
import { StoreError } from "../../ports/documents.ts";

/** sha256 of the account key of Microsoft's emulators, which everybody knows. */
const EMULATOR_KEY_SHA256 = "aa6547439583c3a275d4542a0df6c1ad6a863971be9f2a2220f027cc02aef615";
/** Milliseconds for one answer; the SDK's own default is a minute. */
const REQUEST_TIMEOUT_MS = 10_000;

/** What a 429 costs at the most before it is told to the caller: the SDK waits as long as the service asks. */
const THROTTLING = { maxRetryAttemptCount: 9, maxWaitTimeInSeconds: 30 };

export interface CosmosConnection {
  readonly client: CosmosClient;
  readonly endpoint: string;
}

/**
 * A client for the account that the settings name. The SDK is loaded here and not before: an app that keeps its documents elsewhere does without.
 * @throws {StoreError} `unavailable` when the connection string is not one, or opens an account of Azure with the emulator's key.
 */
export async function connectCosmos(connection: ServiceConnection, credential: TokenCredential): Promise<CosmosConnection> {
  const { CosmosClient } = await import("@azure/cosmos");
  const access = connection.by === "key" ? parseConnectionString(connection.connectionString) : { endpoint: connection.endpoint };
  const client = new CosmosClient({
    endpoint: access.endpoint,
    ...("key" in access ? { key: access.key } : { aadCredentials: credential }),
    userAgentSuffix: "penstock",
    connectionPolicy: {
      // An emulator's account document names addresses that lead nowhere.
      enableEndpointDiscovery: !isLoopback(access.endpoint),
      requestTimeout: REQUEST_TIMEOUT_MS,
      retryOptions: THROTTLING,
    },
  });
  return { client, endpoint: access.endpoint };
}

function parseConnectionString(text: string): { endpoint: string; key: string } {
  const parts = new Map(
    text.split(";").map((part): [string, string] => [part.slice(0, part.indexOf("=")).trim(), part.slice(part.indexOf("=") + 1).trim()]),
  );
  const [endpoint, key] = [parts.get("AccountEndpoint"), parts.get("AccountKey")];
  if (!endpoint || !key || !URL.canParse(endpoint)) {
    throw new StoreError("unavailable", "PENSTOCK_COSMOS is no connection string of Cosmos DB: AccountEndpoint=https://…;AccountKey=…;");
  }
  if (!isLoopback(endpoint) && createHash("sha256").update(key).digest("hex") === EMULATOR_KEY_SHA256) {
    throw new StoreError(
      "unavailable",
      `PENSTOCK_COSMOS names ${endpoint} with the emulator's key, which everybody knows; use an identity`,
    );
  }
  return { endpoint, key };
}
