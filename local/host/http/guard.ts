import type { IncomingMessage } from "node:http";

/** Says in one line why a request is refused; undefined lets it pass. */
export type Guard = (request: IncomingMessage) => string | undefined;

/**
 * Keeps web pages out of a server on loopback, whatever the method: a page of another origin shows itself by `Origin` or
 * `Sec-Fetch-Site`, one behind a rebound name by `Host`. Programs send neither of the first two and pass.
 */
export function loopbackGuard(port: number): Guard {
  const hosts = new Set(["localhost", "127.0.0.1", "[::1]"].flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`])));
  const origins = new Set([...hosts].map((host) => `http://${host}`));
  return (request) => {
    const { host, origin, "sec-fetch-site": site } = request.headers;
    if (host === undefined || !hosts.has(host.toLowerCase()) || hostHeaders(request) !== 1) {
      return `Refused: the Host header must be localhost:${port}, 127.0.0.1:${port} or [::1]:${port}, once.`;
    }
    if (origin !== undefined && !origins.has(origin.toLowerCase()))
      return "Refused: the Origin header names another site than this server.";
    if (site !== undefined && site !== "same-origin" && site !== "none")
      return "Refused: Sec-Fetch-Site says that the request comes from another site.";
    return undefined;
  };
}

/** Node keeps the first of several and drops the rest, which another reader of the same bytes might not. */
function hostHeaders({ rawHeaders }: IncomingMessage): number {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    if (name?.length === 4 && name.toLowerCase() === "host") count += 1;
  }
  return count;
}
