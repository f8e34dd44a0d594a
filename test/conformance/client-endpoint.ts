import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Durable } from "../../local/host/contract.ts";
import type { Exchange } from "./recording.ts";

/** The origin that the recordings show for the endpoint of the JavaScript client. */
const ORIGIN = "http://127.0.0.1:17071";
const MOUNT = "/durabletask";

/** A loopback server under which the genuine client finds a durable half, and that writes down what they say to each other. */
export class ClientEndpoint {
  readonly exchanges: Exchange[] = [];
  durable: Durable | undefined;

  private constructor(private readonly server: Server) {}

  static async open(): Promise<ClientEndpoint> {
    const server = createServer();
    const endpoint = new ClientEndpoint(server);
    server.on("request", (request, response) => void endpoint.answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return endpoint;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${MOUNT}/`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const [path = "", search] = (request.url ?? "").split("?", 2);
    const answer = await this.durable?.handle({
      method: request.method ?? "",
      path: path.slice(MOUNT.length),
      query: new URLSearchParams(search),
      headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
      body: Buffer.concat(chunks),
      origin: ORIGIN,
    });
    const { status = 503, headers = {}, body } = answer ?? {};
    this.exchanges.push({
      request: { method: request.method ?? "", path: request.url ?? "" },
      response: { status, headers, body: readBody(body) },
    });
    response.writeHead(status, headers).end(body);
  }
}

/** As the recordings write it: parsed, or as a text where it is no JSON. */
function readBody(body: string | undefined): unknown {
  if (body === undefined) return null;
  try {
    return JSON.parse(body);
  } catch {
    return { text: body };
  }
}
