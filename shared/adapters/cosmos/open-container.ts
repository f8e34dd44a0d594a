import type { Container } from "@azure/cosmos";
import { isLoopback } from "../../domain/service-connection.ts";
import { StoreError } from "../../ports/documents.ts";
import type { CosmosConnection } from "./connect.ts";
import { CONFLICT, statusOf } from "./cosmos-error.ts";

const PARTITION_KEY = "/pk";

/** Only what listings ask for is indexed: everything else of a document would cost each write a multiple of its price. */
export const INDEXING_POLICY = {
  automatic: true,
  indexingMode: "consistent",
  includedPaths: [
    "/sk/?",
    "/doc/experimentName/?",
    "/doc/status/?",
    "/doc/settled/?",
    "/doc/dueBucket/?",
    "/doc/watching/?",
    "/doc/starts/?",
  ].map((path) => ({ path })),
  excludedPaths: [{ path: "/*" }],
} as const;

export interface ContainerName {
  readonly database: string;
  readonly container: string;
}

/**
 * The container of the documents. In Azure it is only looked for, since an identity of the data plane could not create it; on this machine
 * it is made when it is missing.
 * @throws {StoreError} `unavailable` when it has another partition key. What the SDK throws goes through.
 */
export async function openContainer({ client, endpoint }: CosmosConnection, name: ContainerName): Promise<Container> {
  if (isLoopback(endpoint)) await create(client, name);
  const container = client.database(name.database).container(name.container);
  const { resource } = await container.read();
  const paths = resource?.partitionKey?.paths ?? [];
  if (paths.length !== 1 || paths[0] !== PARTITION_KEY) {
    throw new StoreError(
      "unavailable",
      `container ${name.database}/${name.container} has the partition key ${paths.join(", ")} and must have ${PARTITION_KEY}; name another by PENSTOCK_COSMOS_CONTAINER`,
    );
  }
  return container;
}

async function create(client: CosmosConnection["client"], { database, container }: ContainerName): Promise<void> {
  await unlessThere(client.databases.createIfNotExists({ id: database }));
  const definition = { id: container, partitionKey: { paths: [PARTITION_KEY] }, indexingPolicy: structuredClone(INDEXING_POLICY) };
  await unlessThere(client.database(database).containers.createIfNotExists(definition as object));
}

/** Another process may be making it at the same time. */
async function unlessThere(created: Promise<unknown>): Promise<void> {
  await created.catch((error: unknown) => {
    if (statusOf(error) !== CONFLICT) throw error;
  });
}
