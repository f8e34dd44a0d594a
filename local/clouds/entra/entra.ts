import type { IncomingMessage, ServerResponse } from "node:http";
import { logLine } from "../log-line.ts";
import { openIdConfiguration } from "./metadata.ts";
import { OAuthError } from "./oauth-error.ts";
import type { EntraOptions } from "./options.ts";
import { sameSecret } from "./secrets.ts";
import { SigningKeys } from "./signing-keys.ts";
import { TokenIssuer } from "./token-issuer.ts";
import { readTokenRequest } from "./token-request.ts";

export interface EntraSetup extends EntraOptions {
  /** Holds the keys. */
  readonly stateFolder: string;
  /** Where this issuer is reached, without a slash at its end; asked at each request, since the port is known late. */
  readonly baseUrl: () => string;
  readonly now?: () => number;
  readonly log?: (message: string) => void;
}

/** A server that stands in for Microsoft Entra ID, for one tenant, and for the managed-identity endpoint of App Service. */
export interface Entra {
  /** Whether a request is this server's, by its path. */
  owns(path: string): boolean;
  /** Answers one request, whatever comes; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** A token of the managed identity, for a resource. */
  identityToken(resource: string): Promise<string>;
  /** Verifies tokens for other services, as they would. `verify` rejects with the reason. */
  verifierFor(audiences: readonly string[]): (token: string) => Promise<void>;
}

interface Reply {
  readonly status?: number;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
}
type Route = (request: IncomingMessage, url: URL) => Promise<Reply> | Reply;

/** Verified tokens that are remembered, at the most: an app has one, and shows it at every request. */
const REMEMBERED = 100;

export async function createEntra(setup: EntraSetup): Promise<Entra> {
  const { tenantId, now = Date.now, log = logLine } = setup;
  const keys = await SigningKeys.open(setup.stateFolder);
  const issuer = new TokenIssuer(setup, keys, setup.baseUrl, now);
  const tenantUrl = () => `${setup.baseUrl()}/${tenantId}`;
  const keysDocument: Route = () => ({ body: { keys: keys.all.map(({ publicJwk }) => publicJwk) } });
  const routes: Readonly<Record<string, Route>> = {
    [`GET /${tenantId}/v2.0/.well-known/openid-configuration`]: () => ({ body: openIdConfiguration("2.0", tenantUrl(), issuer) }),
    [`GET /${tenantId}/.well-known/openid-configuration`]: () => ({ body: openIdConfiguration("1.0", tenantUrl(), issuer) }),
    [`GET /${tenantId}/discovery/v2.0/keys`]: keysDocument,
    [`GET /${tenantId}/discovery/keys`]: keysDocument,
    [`POST /${tenantId}/oauth2/v2.0/token`]: async (request) => {
      const { token, expiresIn } = await issuer.issue(setup.client, await readTokenRequest(request, setup));
      return { body: { token_type: "Bearer", expires_in: expiresIn, ext_expires_in: expiresIn, access_token: token } };
    },
    "GET /msi/token": (request, url) => answerIdentity(request, url, setup, issuer),
    [`POST /${tenantId}/keys/roll`]: async (request) => {
      if (!sameSecret(request.headers.authorization, `Bearer ${setup.adminSecret}`))
        throw new OAuthError(401, "invalid_client", 7000215, "Rolling the keys needs the administrator's secret as bearer token.");
      await keys.roll();
      return { body: { kid: keys.all[0].kid } };
    },
  };
  return {
    owns: (path) => path.toLowerCase().startsWith(`/${tenantId}/`) || path.startsWith("/msi/"),
    handle: async (request, response) => {
      try {
        const url = new URL(request.url ?? "/", setup.baseUrl());
        send(response, await find(routes, request.method ?? "GET", url.pathname)(request, url));
      } catch (error) {
        send(response, refusal(error, new Date(now()), log));
      }
    },
    identityToken: async (resource) => (await issuer.issue(setup.identity, resource)).token,
    verifierFor: (audiences) => rememberVerified((token) => issuer.verify(token, audiences), now),
  };
}

/** `GET /msi/token?resource=…&api-version=2019-08-01`, as App Service and Functions have it. */
async function answerIdentity(request: IncomingMessage, url: URL, { identity }: EntraOptions, issuer: TokenIssuer): Promise<Reply> {
  if (!sameSecret(String(request.headers["x-identity-header"] ?? ""), identity.header))
    throw new OAuthError(401, "invalid_client", 7000215, "X-IDENTITY-HEADER is not what IDENTITY_HEADER holds.");
  const version = url.searchParams.get("api-version");
  if (version !== "2019-08-01")
    throw new OAuthError(400, "invalid_request", 90014, `api-version is '${version}'; it must be '2019-08-01'.`);
  const resource = url.searchParams.get("resource");
  if (!resource) throw new OAuthError(400, "invalid_request", 900144, "The query must hold the parameter 'resource'.");
  const { token, expiresAt } = await issuer.issue(identity, resource);
  const body = { access_token: token, expires_on: String(expiresAt), resource, token_type: "Bearer", client_id: identity.clientId };
  return { body };
}

function find(routes: Readonly<Record<string, Route>>, method: string, path: string): Route {
  const key = (verb: string) => `${verb} ${path.toLowerCase()}`;
  const route = routes[key(method)];
  if (route) return route;
  const allowed = ["GET", "POST"].filter((verb) => Object.hasOwn(routes, key(verb)));
  if (allowed.length > 0) throw new OAuthError(405, "invalid_request", 900561, `This address takes ${allowed.join(", ")} alone.`);
  throw new OAuthError(404, "invalid_request", 90002, "There is nothing at this address; is it another tenant's?");
}

function refusal(error: unknown, now: Date, log: (message: string) => void): Reply {
  if (error instanceof OAuthError) return { status: error.status, body: error.toBody(now) };
  log(`A request to the token issuer failed: ${error instanceof Error ? error.stack : error}`);
  return { status: 500, body: new OAuthError(500, "server_error", 90033, "The issuer failed: see its log.").toBody(now) };
}

function send(response: ServerResponse, { status = 200, body, headers }: Reply): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    ...headers,
  });
  response.end(text);
}

function rememberVerified(verify: (token: string) => Promise<number>, now: () => number): (token: string) => Promise<void> {
  const until = new Map<string, number>();
  return async (token) => {
    if (now() < (until.get(token) ?? 0) * 1000) return;
    until.delete(token);
    until.set(token, await verify(token));
    if (until.size > REMEMBERED) for (const oldest of until.keys().take(1)) until.delete(oldest);
  };
}
