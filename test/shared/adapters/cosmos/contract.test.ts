import type { Documents } from "../../../../shared/ports/documents.ts";
import { catalogStoreContract } from "../../../contracts/catalog-store.contract.ts";
import { datasetStoreContract } from "../../../contracts/dataset-store.contract.ts";
import { documentsContract } from "../../../contracts/documents.contract.ts";
import { pipelineStoreContract } from "../../../contracts/pipeline-store.contract.ts";
import { reuseStoreContract } from "../../../contracts/reuse-store.contract.ts";
import { runStoreContract } from "../../../contracts/run-store.contract.ts";
import { scheduleStoreContract } from "../../../contracts/schedule-store.contract.ts";
import { CosmosEmulator, type CosmosFault, type CosmosRequest } from "../../../support/cosmos-emulator.ts";
import { seededRandom } from "../../../support/seeded-random.ts";

const SEED = 4;

/** Each test gets an emulator of its own, which ends with the documents. */
const withFaults = (makeFault: () => (request: CosmosRequest) => CosmosFault) => async (): Promise<Documents> => {
  const emulator = await CosmosEmulator.start();
  emulator.fault = makeFault();
  const documents = emulator.open();
  return {
    create: (pk, sk, value) => documents.create(pk, sk, value),
    read: (pk, sk) => documents.read(pk, sk),
    replace: (pk, sk, value, etag) => documents.replace(pk, sk, value, etag),
    list: (pk, options) => documents.list(pk, options),
    durable: () => documents.durable(),
    close: async () => {
      await documents.close();
      await emulator.stop();
    },
  };
};

/** A fault of those given to about one request in four. */
const atRandom = (faultsOf: (request: CosmosRequest) => CosmosFault[]) => () => {
  const random = seededRandom(SEED);
  return (request: CosmosRequest): CosmosFault => {
    const faults = faultsOf(request);
    return random() < 0.25 ? faults[Math.floor(random() * faults.length)] : undefined;
  };
};

const STORES: [string, () => Promise<Documents>, { many?: number }?][] = [
  ["Cosmos DB", withFaults(() => () => undefined)],
  [
    "Cosmos DB, every 7th request too many",
    withFaults(() => (request) => (request.number % 7 === 0 ? { status: 429, retryAfterMs: 1 } : undefined)),
  ],
  [
    "Cosmos DB, 503, 449 and 412 at random before the write",
    withFaults(
      atRandom(({ isWrite, headers }) => [
        { status: 503 },
        { status: 449 },
        { status: 408 },
        ...(isWrite && headers["if-match"] ? [{ status: 412 }] : []),
      ]),
    ),
    { many: 2_000 },
  ],
  [
    "Cosmos DB, answers lost after the write at random",
    withFaults(atRandom(({ isWrite }) => (isWrite ? ["lose-answer"] : [undefined]))),
    { many: 2_000 },
  ],
];
for (const [name, open, options] of STORES) {
  documentsContract(name, open, options);
  runStoreContract(name, open);
  catalogStoreContract(name, open);
  reuseStoreContract(name, open);
  datasetStoreContract(name, open);
  pipelineStoreContract(name, open);
  scheduleStoreContract(name, open);
}
