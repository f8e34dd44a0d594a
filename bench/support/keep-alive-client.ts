import { Agent, request } from "node:http";

export interface HttpAnswer {
  status: number;
  body: string;
}

/** Plain requests over connections that stay open: as little between the clock and the server as Node has. */
export class KeepAliveClient {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #address: string;
  readonly #headers: Record<string, string>;

  constructor(address: string, token?: string) {
    this.#address = address;
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  /** Sends and reads whole. `body`: JSON text. */
  send(method: string, path: string, body?: string): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const content = body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
      const headers = { ...this.#headers, ...content };
      const sent = request(`${this.#address}${path}`, { method, agent: this.#agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }));
      });
      sent.once("error", reject);
      sent.end(body);
    });
  }

  /** The JSON of an answer. @throws {Error} for a status of 400 and above. */
  async json<T>(method: string, path: string, body?: string): Promise<T> {
    const answer = await this.send(method, path, body);
    if (answer.status >= 400) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.body.slice(0, 300)}`);
    return JSON.parse(answer.body) as T;
  }

  close(): void {
    this.#agent.destroy();
  }
}
