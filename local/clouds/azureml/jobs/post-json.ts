import http from "node:http";
import https from "node:https";

const TIMEOUT_MILLISECONDS = 30_000;
const MAXIMUM_REPLY_BYTES = 64 * 1024;

/** Posts over connections that are kept open, since each event would otherwise pay for a new one. */
export class JsonPoster {
  readonly #agents = {
    "http:": new http.Agent({ keepAlive: true, maxSockets: 8 }),
    "https:": new https.Agent({ keepAlive: true, maxSockets: 8 }),
  };

  /** @returns The status and the body's text, at most 64 KiB of it. */
  post(url: string, headers: Record<string, string>, body: unknown): Promise<{ status: number; text: string }> {
    const target = new URL(url);
    const secure = target.protocol === "https:";
    const data = Buffer.from(JSON.stringify(body));
    const all = { ...headers, "content-type": "application/json", "content-length": String(data.length) };
    const options = { method: "POST", headers: all, agent: this.#agents[secure ? "https:" : "http:"], timeout: TIMEOUT_MILLISECONDS };
    return new Promise((resolve, reject) => {
      const request = (secure ? https : http).request(target, options, (response) => {
        const parts: Buffer[] = [];
        let size = 0;
        response.on("data", (part: Buffer) => {
          size += part.length;
          if (size <= MAXIMUM_REPLY_BYTES) parts.push(part);
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString("utf8") }));
        response.on("error", reject);
      });
      request.on("timeout", () => request.destroy(new Error(`no answer within ${TIMEOUT_MILLISECONDS} ms`)));
      request.on("error", reject);
      request.end(data);
    });
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }
}
