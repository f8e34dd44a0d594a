import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { createHttpServer } from "@vercel/cosmosdb-server";
import { openCosmosDocuments } from "../../shared/adapters/cosmos/documents.ts";
import type { RetryRules } from "../../shared/adapters/cosmos/retry.ts";
import type { Documents } from "../../shared/ports/documents.ts";

/** One request as it came to the emulator. */
export interface CosmosRequest {
  /** Counted from 1. */
  readonly number: number;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly isWrite: boolean;
  /** Of a query. */
  readonly sql: string | undefined;
}

/** What happens to a request: an answer instead of its being done, or its answer lost after it was done. */
export type CosmosFault = { status: number; substatus?: number; retryAfterMs?: number } | "lose-answer" | undefined;

/** Gives up nothing within a test, and loses no time. */
export const QUICK_RETRY: RetryRules = { attempts: 30, baseMs: 1, capMs: 4, withinMs: 60_000 };

/** An emulator of Cosmos DB's protocol on a port of its own, that does to each request what `fault` says, and refuses what it would get wrong. */
export class CosmosEmulator {
  readonly requests: CosmosRequest[] = [];
  /** Asked before a request is done, which waits for the answer. */
  fault: (request: CosmosRequest) => CosmosFault | Promise<CosmosFault> = () => undefined;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    const [serve] = server.listeners("request") as RequestListener[];
    if (!serve) throw new Error("the emulator listens to no requests");
    server.removeAllListeners("request");
    server.on("request", (request: IncomingMessage, response: ServerResponse) => void this.#answer(serve, request, response));
  }

  static async start(): Promise<CosmosEmulator> {
    const server = createHttpServer({ keepAlive: true });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new CosmosEmulator(server);
  }

  get connectionString(): string {
    const key = Buffer.from("any key opens the emulator").toString("base64");
    return `AccountEndpoint=http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/;AccountKey=${key};`;
  }

  /** Documents in the emulator; every call opens them as another process would. */
  open(options: { retry?: RetryRules } = {}): Documents {
    return openCosmosDocuments({
      connection: { by: "key", connectionString: this.connectionString },
      credential: { getToken: async () => null },
      database: "penstock",
      container: "documents",
      retry: options.retry ?? QUICK_RETRY,
    });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(serve: RequestListener, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const seen = this.#note(request, body);
    const fault = (await this.fault(seen)) ?? refusal(seen);
    if (typeof fault === "object") return refuse(response, fault);
    if (fault === "lose-answer") {
      response.end = (() => {
        request.socket.destroy();
        return response;
      }) as ServerResponse["end"];
    }
    const { method, url, headers, socket } = request;
    serve(Object.assign(Readable.from([body]), { method, url, headers, socket }) as unknown as IncomingMessage, response);
  }

  #note({ method = "", url = "", headers }: IncomingMessage, body: Buffer): CosmosRequest {
    const isQuery = headers["x-ms-documentdb-isquery"] !== undefined;
    const seen = {
      number: this.requests.length + 1,
      method,
      path: url,
      headers,
      isWrite: url.endsWith("/docs") ? method === "POST" && !isQuery : method === "PUT",
      sql: isQuery ? String(JSON.parse(body.toString("utf8")).query) : undefined,
    };
    this.requests.push(seen);
    return seen;
  }
}

/** The emulator takes no notice of the request's partition: a query must name it itself. */
function refusal({ sql, headers }: CosmosRequest): CosmosFault {
  if (sql === undefined) return undefined;
  return sql.includes("c.pk = @pk") && headers["x-ms-documentdb-partitionkey"] !== undefined ? undefined : { status: 400 };
}

function refuse(response: ServerResponse, { status, substatus, retryAfterMs }: Exclude<CosmosFault, string | undefined>): void {
  response.writeHead(status, {
    "content-type": "application/json",
    ...(substatus !== undefined && { "x-ms-substatus": String(substatus) }),
    ...(retryAfterMs !== undefined && { "x-ms-retry-after-ms": String(retryAfterMs) }),
  });
  response.end(JSON.stringify({ code: String(status), message: `as the test wants it: ${status}` }));
}
