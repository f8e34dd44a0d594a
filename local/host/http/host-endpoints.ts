import type { IncomingMessage, ServerResponse } from "node:http";
import type { HostRequest, HostResponse } from "../contract.ts";
import { toHostRequest } from "./host-request.ts";
import { Keys } from "./keys.ts";
import { notDurable } from "./not-durable.ts";
import { BodyAbortedError, BodyTooLargeError } from "./read-body.ts";
import { respond } from "./respond.ts";

export type Webhook = (request: HostRequest) => Promise<HostResponse>;

export interface HostEndpointsOptions {
  keys: Keys;
  admin: (request: HostRequest, path: readonly string[]) => HostResponse;
  /** By the extension's name in lower case, the segment after `/runtime/webhooks/`. */
  webhooks: ReadonlyMap<string, Webhook>;
  bodyLimitBytes: number;
  /** Resolves when what an endpoint did is on disk. */
  durable: () => Promise<void>;
  /** Resolves when what an endpoint did outlives this process. */
  committed: () => Promise<void>;
}

/** Whether a path belongs to the host and not to the app. */
export const isHostPath = ([first]: readonly string[]): boolean => /^(?:admin|runtime)$/i.test(first ?? "");

/** Answers `/admin/…` (master key) and `/runtime/webhooks/{extension}/…` (master key or the extension's system key). The key is asked for always: these run code. */
export async function handleHostPath(
  options: HostEndpointsOptions,
  request: IncomingMessage,
  response: ServerResponse,
  path: readonly string[],
  query: URLSearchParams | undefined,
): Promise<void> {
  const [area, second, extension = ""] = path.map((segment) => segment.toLowerCase());
  const key = Keys.of(request.headers, query);
  const isWebhook = area === "runtime" && second === "webhooks";
  const opened = isWebhook ? options.keys.opensWebhook(extension, key) : options.keys.isMaster(key);
  if (!opened) return respond(request, response, { status: 401 });
  const webhook = isWebhook ? options.webhooks.get(extension) : undefined;
  if (!webhook && area !== "admin") return respond(request, response, { status: 404 });
  // An event that is lost with the power is one that never came: whom it would have woken looks for himself.
  const settled = isWebhook && extension === "eventgrid" ? options.committed : options.durable;
  await answerHostRequest(request, response, settled, async () => {
    const rest = rawRest(request.url ?? "", webhook ? 3 : 1);
    const hostRequest = await toHostRequest(request, rest, query, options.bodyLimitBytes);
    return webhook ? webhook(hostRequest) : options.admin(hostRequest, path.slice(1));
  });
}

/** The rest of a path behind so many segments, with its leading slash, undecoded and without the query. */
export function rawRest(url: string, segments: number): string {
  const path = url.split("?", 1)[0] ?? "";
  return `/${path
    .split("/")
    .slice(segments + 1)
    .join("/")}`;
}

/** Sends what `answer` gives once what it changed has `settled`. */
export async function answerHostRequest(
  request: IncomingMessage,
  response: ServerResponse,
  settled: () => Promise<void>,
  answer: () => Promise<HostResponse>,
): Promise<void> {
  try {
    const result = await answer();
    const failed = result.status < 400 && request.method !== "GET" ? await settled().then(() => undefined, notDurable) : undefined;
    respond(request, response, failed ?? result);
  } catch (error) {
    if (error instanceof BodyAbortedError) return;
    if (!(error instanceof BodyTooLargeError)) throw error;
    respond(request, response, { status: 413 });
  }
}
