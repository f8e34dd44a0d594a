import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManagedIdentityCredential } from "@azure/identity";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { createEntra, type EntraSetup } from "../../../../local/clouds/entra/entra.ts";
import { listenOnLoopback } from "../../../../local/clouds/loopback-server.ts";
import { createTokenVerifier } from "../../../../shared/adapters/entra/token-verifier.ts";

const TENANT = "11111111-1111-4111-8111-111111111111";
const API = "33333333-3333-4333-8333-333333333333";
const CLIENT = "44444444-4444-4444-8444-444444444444";
const CLIENT_OBJECT = "55555555-5555-4555-8555-555555555555";
const IDENTITY_OBJECT = "66666666-6666-4666-8666-666666666666";
const SECRET = "client-secret-0123456789";
const HEADER = "identity-header-0123456789";
const ADMIN = "admin-secret-0123456789";
const ARM = "https://management.azure.com";

afterEach(() => vi.unstubAllEnvs());

async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "entra-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** An issuer on loopback; `clock.time` is its time in milliseconds. */
async function anIssuer(rest: Partial<EntraSetup> = {}) {
  const clock = { time: Date.now(), now: () => clock.time };
  const logged: string[] = [];
  const entra = await createEntra({
    stateFolder: rest.stateFolder ?? (await aFolder()),
    baseUrl: () => server.address,
    tenantId: TENANT,
    api: { clientId: API, appIdUris: ["api://penstock"] },
    client: { clientId: CLIENT, objectId: CLIENT_OBJECT, displayName: "penstock command", roles: ["Admin"], secret: SECRET },
    identity: { clientId: API, objectId: IDENTITY_OBJECT, displayName: "penstock", roles: [], header: HEADER },
    adminSecret: ADMIN,
    tokenSeconds: 3600,
    now: clock.now,
    log: (message) => logged.push(message),
    ...rest,
  });
  const server = await listenOnLoopback(0, (request, response) => entra.handle(request, response));
  onTestFinished(() => server.close());
  const verifier = () =>
    createTokenVerifier({ tenantId: TENANT, audiences: [API], authority: server.address, stepTokenKey: new Uint8Array(32), clock });
  return { entra, address: server.address, port: server.port, clock, logged, verifier };
}

const grant = (rest: Record<string, string> = {}) =>
  new URLSearchParams({
    grant_type: "client_credentials",
    client_id: CLIENT,
    client_secret: SECRET,
    scope: `api://penstock/.default`,
    ...rest,
  });

const askToken = (address: string, body: URLSearchParams | string = grant(), headers: Record<string, string> = {}) =>
  fetch(`${address}/${TENANT}/oauth2/v2.0/token`, {
    method: "POST",
    body: body.toString(),
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
  });

/** Members of the answers that are looked at here. */
interface Answer {
  access_token: string;
  error: string;
  error_codes: number[];
  keys: Record<string, unknown>[];
}
const json = async (response: Response) => (await response.json()) as Answer;

async function aToken(address: string): Promise<string> {
  return (await json(await askToken(address))).access_token;
}

describe("the token endpoint", () => {
  test("issues an application a token that the app takes as one of an Admin", async () => {
    const { address, verifier } = await anIssuer();

    const response = await askToken(address);

    const { access_token, ...rest } = await json(response);
    expect(rest).toEqual({ token_type: "Bearer", expires_in: 3600, ext_expires_in: 3600 });
    expect(response.headers.get("cache-control")).toBe("no-store");
    await expect(verifier()(`Bearer ${access_token}`)).resolves.toEqual({
      kind: "app",
      objectId: CLIENT_OBJECT,
      tenantId: TENANT,
      name: "penstock command",
      roles: ["Admin"],
    });
  });

  test("says in the token what Entra says", async () => {
    const { address, clock } = await anIssuer();
    const seconds = Math.floor(clock.time / 1000);

    const token = await aToken(address);

    expect(decodeProtectedHeader(token)).toEqual({ alg: "RS256", typ: "JWT", kid: expect.any(String) });
    expect(decodeJwt(token)).toEqual({
      iss: `${address}/${TENANT}/v2.0`,
      aud: API,
      sub: CLIENT_OBJECT,
      oid: CLIENT_OBJECT,
      tid: TENANT,
      azp: CLIENT,
      azpacr: "1",
      app_displayname: "penstock command",
      idtyp: "app",
      roles: ["Admin"],
      uti: expect.any(String),
      ver: "2.0",
      iat: seconds,
      nbf: seconds,
      exp: seconds + 3600,
    });
  });

  test.each([API, `api://${API}`, "api://penstock"])("knows the API as %s", async (resource) => {
    const { address } = await anIssuer();

    const { access_token } = await json(await askToken(address, grant({ scope: `${resource}/.default` })));

    expect(decodeJwt(access_token).aud).toBe(API);
  });

  test("takes the client's secret as Basic authorization too", async () => {
    const { address } = await anIssuer();
    const form = grant();
    form.delete("client_id");
    form.delete("client_secret");

    const response = await askToken(address, form, { authorization: `Basic ${Buffer.from(`${CLIENT}:${SECRET}`).toString("base64")}` });

    expect(response.status).toBe(200);
  });

  test.each([
    ["a wrong secret", grant({ client_secret: "wrong" }), 401, "invalid_client", 7000215],
    ["no secret", grant({ client_secret: "" }), 400, "invalid_request", 900144],
    ["another client", grant({ client_id: API }), 400, "unauthorized_client", 700016],
    ["another grant", grant({ grant_type: "password" }), 400, "unsupported_grant_type", 70003],
    ["a scope that is no resource", grant({ scope: "openid" }), 400, "invalid_scope", 1002012],
    ["two scopes", grant({ scope: `${API}/.default ${ARM}/.default` }), 400, "invalid_scope", 1002012],
    ["a parameter twice", `${grant()}&scope=x`, 400, "invalid_request", 90014],
    ["an empty body", "", 400, "invalid_request", 900144],
    ["a long body", `a=${"x".repeat(20_000)}`, 413, "invalid_request", 90014],
  ])("refuses %s", async (_, body, status, error, number) => {
    const { address } = await anIssuer();

    const response = await askToken(address, body);

    const answer = await json(response);
    expect([response.status, answer.error, answer.error_codes]).toEqual([status, error, [number]]);
    expect(JSON.stringify(answer)).not.toContain(SECRET);
  });

  test("refuses a body that is no form", async () => {
    const { address } = await anIssuer();

    const response = await askToken(address, JSON.stringify({ grant_type: "client_credentials" }), { "content-type": "application/json" });

    expect(response.status).toBe(400);
  });

  test("answers 404 for another tenant and 405 for another verb", async () => {
    const { address } = await anIssuer();

    const elsewhere = await fetch(`${address}/22222222-2222-4222-8222-222222222222/oauth2/v2.0/token`, { method: "POST" });
    const get = await fetch(`${address}/${TENANT}/oauth2/v2.0/token`);

    expect([elsewhere.status, get.status]).toEqual([404, 405]);
  });
});

describe("the managed-identity endpoint", () => {
  test("serves ManagedIdentityCredential as App Service does", async () => {
    const { address, entra, clock } = await anIssuer();
    vi.stubEnv("IDENTITY_ENDPOINT", `${address}/msi/token`);
    vi.stubEnv("IDENTITY_HEADER", HEADER);

    const token = await new ManagedIdentityCredential().getToken(`${ARM}/.default`);

    const claims = decodeJwt(token.token);
    expect(claims).toMatchObject({ iss: `${address}/${TENANT}/`, aud: ARM, oid: IDENTITY_OBJECT, appid: API, ver: "1.0", idtyp: "app" });
    expect(Math.abs(token.expiresOnTimestamp - (Math.floor(clock.time / 1000) + 3600) * 1000)).toBeLessThan(5_000);
    await expect(entra.verifierFor([ARM])(token.token)).resolves.toBeUndefined();
  });

  test.each([
    ["no header", {}, "resource=x&api-version=2019-08-01", 401],
    ["a wrong header", { "x-identity-header": "wrong" }, "resource=x&api-version=2019-08-01", 401],
    ["another version", { "x-identity-header": HEADER }, "resource=x&api-version=2017-09-01", 400],
    ["no resource", { "x-identity-header": HEADER }, "api-version=2019-08-01", 400],
  ])("refuses %s", async (_, headers: Record<string, string>, query, status) => {
    const { address } = await anIssuer();

    const response = await fetch(`${address}/msi/token?${query}`, { headers });

    expect(response.status).toBe(status);
  });
});

describe("tokens for other services", () => {
  const identityToken = async (address: string, resource: string) => {
    const response = await fetch(`${address}/msi/token?resource=${encodeURIComponent(resource)}&api-version=2019-08-01`, {
      headers: { "x-identity-header": HEADER },
    });
    return (await json(response)).access_token;
  };

  test.each([
    ["for another service", async (address: string) => await identityToken(address, "https://storage.azure.com")],
    ["for the API", async (address: string) => await aToken(address)],
    ["changed", async (address: string) => (await identityToken(address, ARM)).replace(/.{8}$/, "AAAAAAAA")],
    ["from nowhere", async () => "abc"],
  ])("are refused when they are %s", async (_, make) => {
    const { address, entra } = await anIssuer();
    const token = await make(address);

    await expect(entra.verifierFor([ARM])(token)).rejects.toThrow();
  });

  test("are refused once they have expired, though they were taken before", async () => {
    const { address, entra, clock } = await anIssuer();
    const verify = entra.verifierFor([ARM]);
    const token = await identityToken(address, ARM);
    await verify(token);

    clock.time += 3_601_000;

    await expect(verify(token)).rejects.toThrow("exp");
  });
});

describe("the signing keys", () => {
  test("outlive the process, in a file that only its owner may read", async () => {
    const stateFolder = await aFolder();
    const first = await anIssuer({ stateFolder });
    const token = await aToken(first.address);

    const second = await anIssuer({ stateFolder });
    const again = await aToken(second.address);

    expect(decodeProtectedHeader(again).kid).toBe(decodeProtectedHeader(token).kid);
    expect((await stat(join(stateFolder, "keys.json"))).mode & 0o777).toBe(0o600);
  });

  test("are rolled by the administrator; tokens of the key before are still taken", async () => {
    const { address, verifier } = await anIssuer();
    const before = await aToken(address);

    const response = await fetch(`${address}/${TENANT}/keys/roll`, { method: "POST", headers: { authorization: `Bearer ${ADMIN}` } });
    const after = await aToken(address);

    expect(response.status).toBe(200);
    expect(decodeProtectedHeader(after).kid).not.toBe(decodeProtectedHeader(before).kid);
    const verify = verifier();
    await expect(verify(`Bearer ${before}`)).resolves.toMatchObject({ objectId: CLIENT_OBJECT });
    await expect(verify(`Bearer ${after}`)).resolves.toMatchObject({ objectId: CLIENT_OBJECT });
  });

  test("are found anew by an app that knew only the key before", async () => {
    const { address, verifier, clock } = await anIssuer();
    const verify = verifier();
    await verify(`Bearer ${await aToken(address)}`);
    await fetch(`${address}/${TENANT}/keys/roll`, { method: "POST", headers: { authorization: `Bearer ${ADMIN}` } });
    clock.time += 30_000;

    const principal = await verify(`Bearer ${await aToken(address)}`);

    expect(principal.objectId).toBe(CLIENT_OBJECT);
  });

  test.each([undefined, "Bearer wrong", ADMIN, `Basic ${ADMIN}`])("are not rolled for %j", async (authorization) => {
    const { address } = await anIssuer();
    const kid = decodeProtectedHeader(await aToken(address)).kid;

    const response = await fetch(`${address}/${TENANT}/keys/roll`, { method: "POST", headers: authorization ? { authorization } : {} });

    expect(response.status).toBe(401);
    expect(decodeProtectedHeader(await aToken(address)).kid).toBe(kid);
  });

  test("show their public half alone", async () => {
    const { address } = await anIssuer();

    const documents = await Promise.all(
      ["v2.0/keys", "keys"].map(async (path) => json(await fetch(`${address}/${TENANT}/discovery/${path}`))),
    );

    for (const { keys } of documents) expect(Object.keys(keys[0] ?? {}).sort()).toEqual(["alg", "e", "kid", "kty", "n", "use"]);
  });

  test("are not replaced silently when their file holds something else", async () => {
    const stateFolder = await aFolder();
    await writeFile(join(stateFolder, "keys.json"), "{}");

    await expect(anIssuer({ stateFolder })).rejects.toThrow("delete it to have new ones made");
    await expect(readFile(join(stateFolder, "keys.json"), "utf8")).resolves.toBe("{}");
  });
});

describe("pages in a browser", () => {
  /** `fetch` sets Host and refuses some headers, so this asks by hand. */
  const ask = (port: number, method: string, headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const options = { host: "127.0.0.1", port, method, path: `/${TENANT}/discovery/keys`, headers };
      http
        .request(options, (response) => resolve(response.resume().statusCode))
        .on("error", reject)
        .end();
    });

  test.each(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])(
    "are refused by %s, by their Host, Origin or site",
    async (method) => {
      const { port } = await anIssuer();
      const host = `127.0.0.1:${port}`;

      const statuses = await Promise.all([
        ask(port, method, { host: "rebound.example" }),
        ask(port, method, { host: `rebound.example:${port}` }),
        ask(port, method, { host: "127.0.0.1:1" }),
        ask(port, method, { host, origin: "https://page.example" }),
        ask(port, method, { host, origin: "null" }),
        ask(port, method, { host, "sec-fetch-site": "cross-site" }),
      ]);

      expect(statuses).toEqual([403, 403, 403, 403, 403, 403]);
    },
  );

  test("do not stand for programs", async () => {
    const { port } = await anIssuer();

    const statuses = await Promise.all([ask(port, "GET", { host: `localhost:${port}` }), ask(port, "GET", { host: `127.0.0.1:${port}` })]);

    expect(statuses).toEqual([200, 200]);
  });
});

describe("listenOnLoopback", () => {
  test("takes the next port when one is in use", async () => {
    const first = await anIssuer();

    const second = await listenOnLoopback(first.port, async (_, response) => void response.end());
    onTestFinished(() => second.close());

    expect(second.port).toBeGreaterThan(first.port);
    expect(second.address).toBe(`http://127.0.0.1:${second.port}`);
  });
});
