// Requests per second of an empty function on the embedded host beside bare node:http, 32 connections, on one core each for
// server and client: `node --experimental-transform-types bench/host-http.ts [seconds]`. Prints one line of JSON.
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startHost } from "../local/host/host.ts";

const CONNECTIONS = 32;
const APP = `const { app } = require("@azure/functions"); app.http("empty", { handler: () => ({ body: "ok" }) });`;

interface Rate {
  perSecond: number;
  /** Of this process, for one request: steadier than the rate where the machine is shared. */
  cpuMicroseconds: number;
}

/** The client is a process of its own; it says when it is warm and how many answers it had from then on. */
async function measure(port: number, path: string, seconds: number): Promise<Rate> {
  const client = fork(import.meta.filename, ["client", String(port), path, String(seconds)]);
  await once(client, "message");
  const before = process.cpuUsage();
  const [count] = (await once(client, "message")) as [number];
  const { user, system } = process.cpuUsage(before);
  return { perSecond: Math.round(count / seconds), cpuMicroseconds: Math.round((user + system) / count) };
}

/** Asks again on each connection as soon as it has its answer, which is known by the length of the first one. */
async function runClient(port: number, path: string, seconds: number): Promise<void> {
  const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
  let answered = 0;
  const sockets = Array.from({ length: CONNECTIONS }, () => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let expected = 0;
    let received = 0;
    socket.on("connect", () => socket.write(request));
    socket.on("data", (chunk) => {
      expected ||= answerLength(chunk.toString("latin1"));
      received += chunk.length;
      if (received < expected) return;
      received = 0;
      answered += 1;
      socket.write(request);
    });
    return socket;
  });
  await new Promise((done) => setTimeout(done, 1000)); // warm
  process.send?.("warm");
  answered = 0;
  await new Promise((done) => setTimeout(done, seconds * 1000));
  const total = answered;
  for (const socket of sockets) socket.destroy();
  process.send?.(total);
  process.disconnect?.();
}

function answerLength(text: string): number {
  if (!text.startsWith("HTTP/1.1 200")) throw new Error(`The server answered ${text.slice(0, 60)}`);
  const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
  return text.indexOf("\r\n\r\n") + 4 + length;
}

async function main(seconds: number): Promise<void> {
  const bare = createServer((_, response) =>
    response.writeHead(200, { "content-type": "text/plain", "content-length": 2 }).end("ok"),
  ).listen(0, "127.0.0.1");
  await once(bare, "listening");
  const bareRate = await measure((bare.address() as AddressInfo).port, "/api/empty", seconds);
  bare.close();
  bare.closeAllConnections();

  const folder = mkdtempSync(join(tmpdir(), "host-http-"));
  writeFileSync(join(folder, "package.json"), '{"main":"index.js"}');
  writeFileSync(join(folder, "host.json"), '{"version":"2.0"}');
  writeFileSync(join(folder, "index.js"), APP);
  symlinkSync(resolve(import.meta.dirname, "../node_modules"), join(folder, "node_modules"));
  const startedAt = performance.now();
  const host = await startHost({ appRoot: folder, stateFolder: join(folder, "state"), port: 0 });
  const startMs = Math.round(performance.now() - startedAt);
  const hostRate = await measure(host.port, "/api/empty", seconds);
  await host.stop();
  rmSync(folder, { recursive: true });
  console.log(
    JSON.stringify({
      connections: CONNECTIONS,
      seconds,
      bareNodeHttp: bareRate,
      emptyFunction: hostRate,
      share: Number((hostRate.perSecond / bareRate.perSecond).toFixed(3)),
      startMs,
    }),
  );
}

const [role, ...rest] = process.argv.slice(2);
if (role === "client") await runClient(Number(rest[0]), rest[1] ?? "/", Number(rest[2]));
else await main(Number(role ?? 5));
