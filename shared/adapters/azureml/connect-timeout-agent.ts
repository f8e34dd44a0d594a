import http from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

const CONNECT_TIMEOUT_MS = 10_000;

/** Agents that keep connections open and give one up that is not made in 10 s; the HTTP client has a limit for the whole request only. */
export function connectTimeoutAgents(timeoutMs = CONNECT_TIMEOUT_MS): { http: http.Agent; https: https.Agent } {
  return {
    http: limited(new http.Agent({ keepAlive: true }), "connect", timeoutMs),
    https: limited(new https.Agent({ keepAlive: true }), "secureConnect", timeoutMs),
  };
}

function limited<A extends http.Agent>(agent: A, ready: "connect" | "secureConnect", timeoutMs: number): A {
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const socket = create(options, callback);
    if (socket) giveUpLate(socket as Socket, ready, timeoutMs);
    return socket as Duplex;
  };
  return agent;
}

function giveUpLate(socket: Socket, ready: "connect" | "secureConnect", timeoutMs: number): void {
  const timer = setTimeout(() => {
    socket.destroy(Object.assign(new Error(`no connection within ${timeoutMs} ms`), { code: "ETIMEDOUT" }));
  }, timeoutMs);
  for (const event of [ready, "close"]) socket.once(event, () => clearTimeout(timer));
}
