import type { IncomingMessage } from "node:http";
import { OAuthError } from "./oauth-error.ts";
import type { EntraOptions } from "./options.ts";
import { sameSecret } from "./secrets.ts";

const FORM_BYTES = 16 * 1024;

/** Reads a request for a token by client credentials (RFC 6749 §4.4) and answers the resource it is for. @throws {OAuthError} */
export async function readTokenRequest(request: IncomingMessage, { client }: EntraOptions): Promise<string> {
  const form = await readForm(request);
  const grant = single(form, "grant_type");
  if (grant !== "client_credentials")
    throw new OAuthError(400, "unsupported_grant_type", 70003, `The grant type '${grant}' is not known here; ask by 'client_credentials'.`);
  const [id, secret] = basicCredentials(request) ?? [single(form, "client_id"), single(form, "client_secret")];
  if (id.toLowerCase() !== client.clientId)
    throw new OAuthError(400, "unauthorized_client", 700016, "There is no application with this client_id in the tenant.");
  if (!sameSecret(secret, client.secret)) throw new OAuthError(401, "invalid_client", 7000215, "The client secret is wrong.");
  const scope = single(form, "scope");
  if (!/^\S+\/\.default$/.test(scope))
    throw new OAuthError(400, "invalid_scope", 1002012, `The scope '${scope}' must be one resource followed by '/.default'.`);
  return scope.slice(0, -"/.default".length);
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(request.headers["content-type"] ?? ""))
    throw new OAuthError(400, "invalid_request", 900144, "The body must be application/x-www-form-urlencoded.");
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > FORM_BYTES) throw new OAuthError(413, "invalid_request", 90014, `The body is longer than ${FORM_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
}

/** A parameter that must be there once (RFC 6749 §3.2: never twice). */
function single(form: URLSearchParams, name: string): string {
  const [value, ...others] = form.getAll(name);
  if (others.length > 0) throw new OAuthError(400, "invalid_request", 90014, `The parameter '${name}' is there more than once.`);
  if (!value) throw new OAuthError(400, "invalid_request", 900144, `The body must hold the parameter '${name}'.`);
  return value;
}

/** RFC 6749 §2.3.1: id and secret are form-encoded first. */
function basicCredentials(request: IncomingMessage): [string, string] | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(request.headers.authorization ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const [id = "", secret = ""] = Buffer.from(encoded, "base64").toString("utf8").split(":", 2);
  const [decodedId, decodedSecret] = [...new URLSearchParams(`id=${id}&secret=${secret}`).values()];
  return [decodedId ?? "", decodedSecret ?? ""];
}
