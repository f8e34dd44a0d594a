import { request } from "node:http";
import { connect } from "node:net";
import { onTestFinished } from "vitest";
import type { Durable } from "../../../../local/host/contract.ts";
import type { Host, HostOptions } from "../../../../local/host/host.ts";
import { startHost } from "../../../../local/host/host.ts";
import type { LogLine } from "./captured-log.ts";
import { capturedLog } from "./captured-log.ts";
import { tempFolder } from "./temp-app.ts";

/** An engine that only says what it was asked. */
export function recordingDurable(): Durable & {
  requests: { method: string; path: string; query: string; origin: string; body: string }[];
  syncs: number;
  commits: number;
  events: string[];
} {
  const requests: { method: string; path: string; query: string; origin: string; body: string }[] = [];
  const events: string[] = [];
  return {
    requests,
    events,
    syncs: 0,
    commits: 0,
    clientBinding: (origin) => JSON.stringify({ origin }),
    handle: async ({ method, path, query, origin, body }) => {
      requests.push({ method, path, query: query.toString(), origin, body: Buffer.from(body).toString() });
      return { status: 202, headers: { location: `${origin}/there` }, body: "{}" };
    },
    start: async () => {
      events.push("start");
    },
    stop: async () => {
      events.push("stop");
    },
    async durable() {
      this.syncs += 1;
      events.push("durable");
    },
    since() {
      return () => this.durable();
    },
    async committed() {
      this.commits += 1;
      events.push("committed");
    },
  };
}

export interface TestHost extends Host {
  lines: LogLine[];
  logText(): string;
  engine: ReturnType<typeof recordingDurable>;
}

/** A host on a free port, stopped when the test ends. */
export async function testHost(appRoot: string, options: Partial<HostOptions> = {}): Promise<TestHost> {
  const captured = capturedLog();
  const engine = recordingDurable();
  const host = await startHost({
    appRoot,
    stateFolder: tempFolder(),
    port: 0,
    masterKey: "the-master-key",
    log: captured.log,
    openDurable: () => engine,
    ...options,
  });
  onTestFinished(() => host.stop(50));
  return { ...host, lines: captured.lines, logText: captured.text, engine };
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** One request with exactly these headers; node's own client adds Host alone. */
export function send(
  port: number,
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: string | Uint8Array } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: "127.0.0.1", port, method, path, headers, agent: false }, (incoming) => {
      const chunks: Uint8Array[] = [];
      incoming.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      incoming.on("end", () =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text: Buffer.concat(chunks).toString() }),
      );
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** What comes back for these bytes until the server closes; the writing side stays open. */
export function sendRaw(port: number, bytes: string | Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    socket.on("error", () => {}); // a reset after the answer is an answer
    socket.on("close", () => resolve(text));
    socket.write(bytes);
  });
}
