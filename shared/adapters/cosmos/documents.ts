import type { Container } from "@azure/cosmos";
import type { TokenCredential } from "@azure/identity";
import type { ServiceConnection } from "../../domain/service-connection.ts";
import { checkKey, encodeDocument } from "../../ports/document-rules.ts";
import { type Documents, type ListOptions, type Page, type Stored, StoreError } from "../../ports/documents.ts";
import { type CosmosConnection, connectCosmos } from "./connect.ts";
import { assertIsDocument, CONFLICT, NOT_FOUND, PRECONDITION_FAILED, statusOf, toStoreError } from "./cosmos-error.ts";
import { fromEtag, Item, newOperation, operationsAfter, SUPERSEDED, toEtag, toStored } from "./item.ts";
import { listQuery } from "./list-query.ts";
import { type ContainerName, openContainer } from "./open-container.ts";
import { RETRY_RULES, type RetryRules, withRetries } from "./retry.ts";

export interface CosmosDocumentsOptions extends ContainerName {
  readonly connection: ServiceConnection;
  /** Used when the connection is by identity. */
  readonly credential: TokenCredential;
  readonly retry?: RetryRules;
}

/**
 * Documents in one container of Cosmos DB, where any number of processes may write. The container is looked for at the first use, and again
 * after it was not found.
 */
export function openCosmosDocuments(options: CosmosDocumentsOptions): Documents {
  return new CosmosDocuments(options);
}

class CosmosDocuments implements Documents {
  readonly #options: CosmosDocumentsOptions;
  readonly #place: string;
  readonly #retry: RetryRules;
  #connected: Promise<CosmosConnection> | undefined;
  #opened: Promise<Container> | undefined;

  constructor(options: CosmosDocumentsOptions) {
    this.#options = options;
    this.#place = `container ${options.database}/${options.container}`;
    this.#retry = options.retry ?? RETRY_RULES;
  }

  async create<T>(pk: string, sk: string, value: T): Promise<Stored<T> | undefined> {
    checkKeys(pk, sk);
    encodeDocument(value);
    const operation = newOperation();
    const ops = [operation];
    return this.#try(async (container, abortSignal) => {
      try {
        const { etag } = await container.items.create({ id: sk, pk, sk, ops, doc: value }, { abortSignal });
        return { value, etag: toEtag(etag, ops) };
      } catch (error) {
        if (statusOf(error) !== CONFLICT) throw error;
        const there = await this.#item(container, pk, sk, abortSignal);
        if (!there) throw new StoreError("busy", `${sk} was there and is gone; try again`, { cause: error });
        return ownWrite(there, operation, value);
      }
    });
  }

  async read(pk: string, sk: string): Promise<Stored<unknown> | undefined> {
    checkKeys(pk, sk);
    const item = await this.#try((container, signal) => this.#item(container, pk, sk, signal));
    return item && toStored(item);
  }

  async replace<T>(pk: string, sk: string, value: T, etag: string): Promise<Stored<T> | undefined> {
    checkKeys(pk, sk);
    encodeDocument(value);
    const { serviceEtag, operations } = fromEtag(etag);
    const operation = newOperation();
    const ops = operationsAfter(operations, operation);
    return this.#try(async (container, abortSignal) => {
      const accessCondition = { type: "IfMatch", condition: serviceEtag };
      try {
        const item = { id: sk, pk, sk, ops, doc: value };
        const replaced = await container.item(sk, pk).replace(item, { accessCondition, abortSignal });
        return { value, etag: toEtag(replaced.etag, ops) };
      } catch (error) {
        if (statusOf(error) !== NOT_FOUND && statusOf(error) !== PRECONDITION_FAILED) throw error;
        const there = await this.#item(container, pk, sk, abortSignal);
        if (there?._etag === serviceEtag)
          throw new StoreError("busy", `${sk} was refused as changed and has not; try again`, { cause: error });
        return there && ownWrite(there, operation, value);
      }
    });
  }

  async list(pk: string, options: ListOptions): Promise<Page<{ sk: string; value: unknown; etag: string }>> {
    const query = listQuery(pk, options);
    return this.#try(async (container, abortSignal) => {
      // One more than the page has is asked for, to know whether another page follows.
      const wanted = options.limit + 1;
      const answers = container.items.query(query, { partitionKey: pk, maxItemCount: wanted, abortSignal });
      const rows: Item[] = [];
      // The service may end a page early, even empty, with more to come.
      while (rows.length < wanted && answers.hasMoreResults()) {
        const { resources } = await answers.fetchNext();
        for (const resource of resources ?? []) rows.push(Item.parse(resource));
      }
      const items = rows.slice(0, options.limit).map((row) => ({ sk: row.sk, ...toStored(row) }));
      const last = items.at(-1);
      return rows.length > options.limit && last ? { items, next: last.sk } : { items };
    });
  }

  /** A write is answered when a majority of the replicas has it on disk. */
  async durable(): Promise<void> {}

  async close(): Promise<void> {
    const connected = await this.#connected?.catch(() => undefined);
    connected?.client.dispose();
  }

  async #item(container: Container, pk: string, sk: string, abortSignal: AbortSignal): Promise<Item | undefined> {
    const answer = await container.item(sk, pk).read({ abortSignal });
    assertIsDocument(answer, this.#place);
    return answer.resource && Item.parse(answer.resource);
  }

  /** Runs what asks the service, again while the trouble passes. @throws {StoreError} */
  async #try<T>(act: (container: Container, signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await withRetries(this.#retry, async (signal) => act(await this.#open(), signal));
    } catch (error) {
      throw toStoreError(error, this.#place);
    }
  }

  #open(): Promise<Container> {
    this.#connected ??= connectCosmos(this.#options.connection, this.#options.credential);
    this.#opened ??= this.#connected
      .then((connected) => openContainer(connected, this.#options))
      .catch((error: unknown) => {
        this.#opened = undefined;
        throw error;
      });
    return this.#opened;
  }
}

/** A write that was refused because of the document that is there: done all the same when it is this very write, or one that came upon it. */
function ownWrite<T>(there: Item, operation: string, value: T): Stored<T> | undefined {
  if (!there.ops.includes(operation)) return undefined;
  return { value, etag: there.ops[0] === operation ? toEtag(there._etag, there.ops) : SUPERSEDED };
}

function checkKeys(pk: string, sk: string): void {
  checkKey("pk", pk);
  checkKey("sk", sk);
}
