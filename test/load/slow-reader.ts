import { connect } from "node:net";
import type { Workspace } from "./workspace.ts";

/** Readers that ask for something and take no byte of the answer, until they are closed. */
export function readNothing({ file }: Workspace, path: string, count: number): { close(): void } {
  const { hostname, port } = new URL(file.address);
  const request = `GET /api/${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: Bearer ${file.token}\r\n\r\n`;
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(Number(port), hostname);
    socket.on("error", () => undefined); // the workspace may well hang up
    socket.pause();
    socket.write(request);
    return socket;
  });
  return { close: () => sockets.forEach((socket) => void socket.destroy()) };
}
