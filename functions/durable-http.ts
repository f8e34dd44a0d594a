import http from "node:http";
import type { InvocationContext } from "@azure/functions";
import * as df from "durable-functions";
import type { DurableCalls } from "./durable-orchestrations.ts";

interface Answer {
  status: number;
  text: string;
}

/** Connections to the host are kept: a run makes three calls a step. */
const agent = new http.Agent({ keepAlive: true });
const known = new Map<string, DurableCalls>();

/**
 * The calls of one invocation's durable client. The host says in the client's binding where its own endpoint on loopback is, and the HTTP API
 * there is public and stable (Microsoft Learn, "HTTP APIs in Durable Functions"); asking it straight costs a quarter of what the library's client
 * does, which makes a new HTTP client for every invocation. A host that names no such endpoint is asked through the library.
 */
export function durableCalls(input: ReturnType<typeof df.input.durableClient>, context: InvocationContext): DurableCalls {
  const { rpcBaseUrl } = (context.extraInputs.get(input) ?? {}) as { rpcBaseUrl?: string };
  if (!rpcBaseUrl?.startsWith("http://")) return df.getClient(context);
  const calls = known.get(rpcBaseUrl) ?? durableHttp(rpcBaseUrl);
  known.set(rpcBaseUrl, calls);
  return calls;
}

/** @param baseUrl of the client's endpoint, with a slash at its end. */
export function durableHttp(baseUrl: string): DurableCalls {
  return {
    async startNew(name, { instanceId = "", input } = {}) {
      const { status, text } = await ask("POST", new URL(`orchestrators/${name}/${instanceId}`, baseUrl), JSON.stringify(input));
      if (status > 202) throw refusal(status, text);
      return JSON.parse(text).id;
    },
    async raiseEvent(instanceId, eventName, data) {
      const { status, text } = await ask("POST", new URL(`instances/${instanceId}/raiseEvent/${eventName}`, baseUrl), JSON.stringify(data));
      if (status === 404) throw new Error(`No instance with ID '${instanceId}' found.`);
      if (status !== 202 && status !== 410) throw refusal(status, text);
    },
    async getStatus(instanceId) {
      const { status, text } = await ask("GET", new URL(`instances/${instanceId}?showInput=false`, baseUrl));
      if (status !== 200 && status !== 202) throw refusal(status, text);
      return JSON.parse(text);
    },
  };
}

/** A connection that the host closed just when it was used again says nothing of the request: each may be made twice. */
function ask(method: string, url: URL, body?: string, again = false): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const request = http.request(url, { method, agent, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
      response.on("error", reject);
    });
    request.on("error", (error: NodeJS.ErrnoException) => {
      if (request.reusedSocket && error.code === "ECONNRESET" && !again) resolve(ask(method, url, body, true));
      else reject(error);
    });
    request.end(body);
  });
}

/** In the library's words, by which an unknown instance is known. */
function refusal(status: number, text: string): Error {
  return new Error(`The Durable Functions extension replied with HTTP ${status} response. Details: ${text}`);
}
