import { connect, type Socket } from "node:net";
import { percentile } from "../support/statistics.ts";
import { readAnswer } from "./read-answer.ts";
import type { Role } from "./role.ts";

export interface LoadRequest {
  port: number;
  method: "GET" | "POST";
  /** `{n}` in it becomes the number of the request, from 0. */
  path: string;
  headers?: Record<string, string>;
  body?: string;
  connections: number;
  /** How long to ask, or how often. */
  until: { seconds: number } | { requests: number };
  /** How long to ask before anything counts; absent: not at all. */
  warmSeconds?: number;
}

export interface LoadResult {
  requests: number;
  seconds: number;
  perSecond: number;
  p50Milliseconds: number;
  p99Milliseconds: number;
}

/**
 * Many callers, each of which asks again as soon as it has its answer. It writes to plain sockets and reads no more of an answer than it
 * must: a client that does more would be what is measured.
 */
export async function openLoad(_args: readonly string[]): Promise<Role> {
  return async (request: LoadRequest): Promise<LoadResult> => {
    if (request.warmSeconds) await ask({ ...request, until: { seconds: request.warmSeconds } });
    return await ask(request);
  };
}

async function ask(request: LoadRequest): Promise<LoadResult> {
  const text = textOf(request);
  const { until, connections } = request;
  const latencies: number[] = [];
  let sent = 0;
  const began = performance.now();
  const goesOn = () => ("requests" in until ? sent < until.requests : performance.now() - began < until.seconds * 1000);
  const next = () => (goesOn() ? text(sent++) : undefined);
  await Promise.all(Array.from({ length: connections }, () => caller(request.port, next, (ms) => latencies.push(ms))));
  const seconds = (performance.now() - began) / 1000;
  return {
    requests: latencies.length,
    seconds,
    perSecond: latencies.length / seconds,
    p50Milliseconds: percentile(latencies, 0.5),
    p99Milliseconds: percentile(latencies, 0.99),
  };
}

/** One connection. @throws {Error} when it breaks or an answer is no success. */
function caller(port: number, next: () => string | undefined, took: (ms: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let received = Buffer.alloc(0);
    let sentAt = 0;
    const send = () => {
      const text = next();
      if (text === undefined) return end(socket, resolve);
      sentAt = performance.now();
      socket.write(text);
    };
    socket.once("connect", send);
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("the server closed a connection")));
    socket.on("data", (chunk) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      try {
        if (!readAnswer(received)) return;
      } catch (error) {
        return socket.destroy(error as Error);
      }
      received = Buffer.alloc(0);
      took(performance.now() - sentAt);
      send();
    });
  });
}

function end(socket: Socket, resolve: () => void): void {
  socket.removeAllListeners();
  socket.destroy();
  resolve();
}

function textOf({ method, path, port, headers = {}, body }: LoadRequest): (n: number) => string {
  const length = body === undefined ? [] : ["content-type: application/json", `content-length: ${Buffer.byteLength(body)}`];
  const lines = [`Host: 127.0.0.1:${port}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), ...length];
  const rest = ` HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body ?? ""}`;
  if (!path.includes("{n}")) {
    const whole = `${method} ${path}${rest}`;
    return () => whole;
  }
  const [before, after] = path.split("{n}");
  return (n) => `${method} ${before}${n}${after}${rest}`;
}
