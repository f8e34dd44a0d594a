import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { HttpCall } from "./actions.ts";
import type { HttpSender } from "./activities.ts";

/** Headers of the content, which .NET keeps apart: callHttp does not report them. */
const CONTENT_HEADERS = new Set(
  "allow content-disposition content-encoding content-language content-length content-location content-md5 content-range content-type expires last-modified".split(
    " ",
  ),
);
const agents = { "http:": new HttpAgent({ keepAlive: true }), "https:": new HttpsAgent({ keepAlive: true }) };

/** Sends what callHttp asks for over the network, http and https only. */
export const sendHttp: HttpSender = async (call) => {
  if (call.tokenSource)
    throw new Error("callHttp with a token source (a managed identity) works in Azure only: there is no identity on this machine.");
  const url = new URL(call.uri);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new Error(
      `The '${url.protocol.slice(0, -1)}' scheme is not supported: callHttp takes http and https addresses, not '${call.uri}'.`,
    );
  const response = await exchange(call, url);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { statusCode: response.statusCode ?? 0, headers: reportedHeaders(response.rawHeaders), content: Buffer.concat(chunks).toString() };
};

function exchange(call: HttpCall, url: URL): Promise<IncomingMessage> {
  const secure = url.protocol === "https:";
  const content = call.content === undefined ? undefined : Buffer.from(call.content);
  const headers = { ...(content && { "Content-Type": "text/plain; charset=utf-8", "Content-Length": content.length }), ...call.headers };
  return new Promise((resolve, reject) => {
    const send = secure ? httpsRequest : httpRequest;
    const sent = send(url, { method: call.method, headers, agent: secure ? agents["https:"] : agents["http:"] }, resolve);
    sent.once("error", (error: NodeJS.ErrnoException) => reject(readable(error, url)));
    sent.end(content);
  });
}

function readable(error: NodeJS.ErrnoException, url: URL): Error {
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  if (error.code === "ECONNREFUSED") return new Error(`Connection refused (${url.hostname}:${port})`);
  return new Error(`${error.message || error.code} (${url.hostname}:${port})`);
}

/** As they came, repeated ones as an array. */
function reportedHeaders(raw: readonly string[]): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (let i = 0; i < raw.length; i += 2) {
    const [name = "", value = ""] = [raw[i], raw[i + 1]];
    if (CONTENT_HEADERS.has(name.toLowerCase())) continue;
    const before = headers[name];
    headers[name] = before === undefined ? value : [...[before].flat(), value];
  }
  return headers;
}
