import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll } from "vitest";
import { type Azurite, connectionStringOf, startAzurite } from "../../../../local/workspace/azurite/server.ts";
import { openAzureBlobStore } from "../../../../shared/adapters/azure-blob/blob-store.ts";
import { blobStoreContract } from "../../../contracts/blob-store.contract.ts";
import { seededRandom } from "../../../support/seeded-random.ts";
import { type StorageFault, StorageProxy } from "../../../support/storage-proxy.ts";

const SEED = 4;
const account = { name: "penstock", key: randomBytes(64).toString("base64") };
let azurite: Azurite;
beforeAll(async () => {
  azurite = await startAzurite({ port: 0, account });
});
afterAll(() => azurite.close());

/** A store whose containers are its own, in the one account. */
function aStore(endpoint: string) {
  const own = randomUUID();
  return openAzureBlobStore({
    connection: { by: "key", connectionString: connectionStringOf(endpoint, account) },
    credential: { getToken: async () => null },
    containerOf: (datastore) => (datastore === "data" || datastore === "other" ? `${datastore}-${own}` : datastore),
    lookMs: 20,
    retry: { maxTries: 12, retryDelayInMs: 1, maxRetryDelayInMs: 10, tryTimeoutInMs: 30_000 },
  });
}

/** The fault to about one request in seven. */
const atRandom = (fault: StorageFault) => async () => {
  const proxy = await StorageProxy.start(azurite.endpoint);
  const random = seededRandom(SEED);
  proxy.fault = ({ method }) => (random() < 0.15 && method !== "GET" ? fault : undefined);
  return { store: aStore(proxy.endpoint), close: () => proxy.stop() };
};

blobStoreContract("Azurite", async () => ({ store: aStore(azurite.endpoint), close: async () => undefined }));
blobStoreContract("Azurite, busy at random", atRandom({ status: 503, code: "ServerBusy" }));
blobStoreContract("Azurite, answers lost at random", atRandom("lose-answer"));
