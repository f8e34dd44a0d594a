import { connect } from "node:net";

/** What came back on the connection. `status` is undefined where nothing did. */
export interface RawAnswer {
  status: number | undefined;
  text: string;
  ms: number;
}

/** Longer than any answer may take; then the connection is given up. */
const PATIENCE_MS = 10_000;

/**
 * Sends bytes as they are on a connection of their own and reads until the server closes. `thenEnd` says that no more will come, which the server
 * takes for a caller that has left.
 */
export function sendRaw(address: string, bytes: Uint8Array, { thenEnd }: { thenEnd: boolean }): Promise<RawAnswer> {
  const { hostname, port } = new URL(address);
  const began = performance.now();
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    socket.on("data", (chunk) => chunks.push(chunk));
    // A server that refuses a long body closes while it is still being sent.
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.destroy());
    socket.once("close", () => {
      const text = Buffer.concat(chunks).toString("latin1");
      const status = /^(?:HTTP\/1\.1 100 Continue\r\n\r\n)?HTTP\/1\.1 (\d{3}) /.exec(text)?.[1];
      resolve({ status: status === undefined ? undefined : Number(status), text, ms: performance.now() - began });
    });
    if (thenEnd) socket.end(bytes);
    else socket.write(bytes);
  });
}
