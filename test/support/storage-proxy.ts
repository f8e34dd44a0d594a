import { type ClientRequest, createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** What happens to a request: an answer instead of its being done, or its answer lost after it was done. */
export type StorageFault = { status: number; code: string } | "lose-answer" | undefined;

/** Stands before a storage account on this machine and does to each request what `fault` says. Signatures hold, since they leave out the host. */
export class StorageProxy {
  fault: (request: IncomingMessage) => StorageFault = () => undefined;
  readonly #server: Server;
  readonly #target: URL;

  private constructor(target: URL) {
    this.#target = target;
    this.#server = createServer((from, to) => {
      void buffer(from).then((body) => {
        const fault = this.fault(from);
        if (typeof fault === "object") {
          to.writeHead(fault.status, { "x-ms-error-code": fault.code, "content-type": "application/xml" });
          to.end(`<?xml version="1.0"?><Error><Code>${fault.code}</Code><Message>as the test wants it</Message></Error>`);
          return;
        }
        this.#pass(from, body).once("response", (answer: IncomingMessage) => {
          if (fault === "lose-answer") {
            answer.resume().once("end", () => from.socket.destroy());
            return;
          }
          to.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
          answer.pipe(to);
        });
      });
    });
  }

  static async start(endpoint: string): Promise<StorageProxy> {
    const proxy = new StorageProxy(new URL(endpoint));
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  /** As the account's own, by way of the proxy. */
  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${this.#target.pathname}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass({ method, url, rawHeaders }: IncomingMessage, body: Buffer): ClientRequest {
    const { hostname, port } = this.#target;
    return request({ hostname, port, method, path: url, headers: rawHeaders, setHost: false }).end(body);
  }
}
