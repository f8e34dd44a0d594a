import { describe, expect, test } from "vitest";
import { mintStepToken } from "../../../../shared/adapters/entra/step-token.ts";
import { createTokenVerifier, type TokenVerifierOptions } from "../../../../shared/adapters/entra/token-verifier.ts";
import type { RunId } from "../../../../shared/domain/ids.ts";
import {
  APP_ID_URI,
  AUTHORITY,
  anIssuer,
  appClaims,
  CLIENT_ID,
  foreignRsa,
  NOW,
  OBJECT_ID,
  OTHER_TENANT,
  publicJwk,
  rsa,
  STEP_KEY,
  sign,
  TENANT,
  userClaims,
  v1Claims,
} from "./issuer.ts";

const STEP_RUN = "01900000-0000-7000-8000-000000000001" as RunId;
const PIPELINE_RUN = "01900000-0000-7000-8000-000000000002" as RunId;

function aVerifier(rest: Partial<TokenVerifierOptions> = {}) {
  const clock = { time: NOW, now: () => clock.time };
  const issuer = anIssuer();
  const verify = createTokenVerifier({
    tenantId: TENANT,
    audiences: [CLIENT_ID, APP_ID_URI],
    authority: AUTHORITY,
    stepTokenKey: STEP_KEY,
    clock,
    fetch: issuer.fetch,
    ...rest,
  });
  return { verify, issuer, clock };
}

const reasonOf = async (refused: Promise<unknown>) =>
  await refused.then(
    () => undefined,
    (error) => error.problem,
  );

describe("createTokenVerifier", () => {
  test("takes a user's delegated token of version 2.0", async () => {
    const { verify } = aVerifier();

    const principal = await verify(`Bearer ${await sign(userClaims())}`);

    expect(principal).toEqual({ kind: "user", objectId: OBJECT_ID, tenantId: TENANT, name: "Ada", roles: ["Author"] });
  });

  test("takes an application's own token, with an issuer in each version", async () => {
    const { verify } = aVerifier();

    const v2 = await verify(`bearer ${await sign(appClaims())}`);
    const v1 = await verify(`BEARER ${await sign(v1Claims({ app_displayname: "factory" }))}`);

    expect(v2).toEqual({ kind: "app", objectId: OBJECT_ID, tenantId: TENANT, roles: ["Submitter"] });
    expect(v1).toEqual({ kind: "app", objectId: OBJECT_ID, tenantId: TENANT, name: "factory", roles: ["Submitter"] });
  });

  test("knows a user without a role of this API, who then has no right", async () => {
    const { verify } = aVerifier();

    const principal = await verify(`Bearer ${await sign(userClaims({ roles: ["Pipelines.Other"] }))}`);

    expect(principal.roles).toEqual([]);
  });

  test("takes times that are at most two minutes off", async () => {
    const { verify } = aVerifier();
    const seconds = NOW / 1000;

    await expect(verify(`Bearer ${await sign(userClaims({ nbf: seconds + 119, exp: seconds + 3600 }))}`)).resolves.toBeDefined();
    await expect(verify(`Bearer ${await sign(userClaims({ exp: seconds - 119 }))}`)).resolves.toBeDefined();
  });

  test("takes a step token", async () => {
    const { verify, issuer } = aVerifier();
    const claims = { stepRunId: STEP_RUN, runId: PIPELINE_RUN, expiresAt: new Date(NOW + 60_000).toISOString() };

    const principal = await verify(`Bearer ${await mintStepToken(claims, STEP_KEY)}`);

    expect(principal).toEqual({
      kind: "step",
      objectId: STEP_RUN,
      tenantId: TENANT,
      roles: [],
      stepRunId: STEP_RUN,
      runId: PIPELINE_RUN,
    });
    expect(issuer.asked).toEqual([]);
  });

  test("says that a good token has expired, and of any other bad token nothing", async () => {
    const { verify } = aVerifier();

    const expired = await reasonOf(verify(`Bearer ${await sign(userClaims({ exp: NOW / 1000 - 121 }))}`));
    const expiredElsewhere = await reasonOf(verify(`Bearer ${await sign(userClaims({ exp: NOW / 1000 - 121, aud: "x" }))}`));

    expect(expired).toEqual({ kind: "unauthenticated", reason: "the access token has expired" });
    expect(expiredElsewhere).toEqual({ kind: "unauthenticated", reason: "the access token is not valid here" });
  });

  test("remembers a verified token until it expires, and then refuses it", async () => {
    const { verify, issuer, clock } = aVerifier();
    const header = `Bearer ${await sign(userClaims({ exp: NOW / 1000 + 60 }))}`;
    const first = await verify(header);
    issuer.down = true;

    clock.time = NOW + 179_000;
    const again = await verify(header);
    clock.time = NOW + 181_000;
    const late = await reasonOf(verify(header));

    expect(again).toBe(first);
    expect(late).toMatchObject({ reason: "the access token has expired" });
  });

  test("asks for keys once while many callers wait", async () => {
    const { verify, issuer } = aVerifier();
    const tokens = await Promise.all([1, 2, 3, 4].map((n) => sign(userClaims({ name: `user ${n}` }))));

    await Promise.all(tokens.map((token) => verify(`Bearer ${token}`)));

    expect(issuer.asked).toHaveLength(2);
  });

  test("finds a key that was rolled in, and asks for unknown keys at most once in 30 s", async () => {
    const { verify, issuer, clock } = aVerifier();
    const rolled = `Bearer ${await sign(userClaims(), { key: foreignRsa.privateKey, header: { kid: "key-2" } })}`;
    await verify(`Bearer ${await sign(userClaims())}`);
    await reasonOf(verify(rolled));
    issuer.keys.push(publicJwk(foreignRsa.privateKey, "key-2"));
    const asked = issuer.asked.length;

    const early = await reasonOf(verify(rolled));
    const askedEarly = issuer.asked.length;
    clock.time = NOW + 30_000;
    const principal = await verify(rolled);

    expect(early).toMatchObject({ kind: "unauthenticated" });
    expect(askedEarly).toBe(asked);
    expect(principal.objectId).toBe(OBJECT_ID);
  });

  test("keeps the last good keys when the issuer is down", async () => {
    const { verify, issuer, clock } = aVerifier();
    await verify(`Bearer ${await sign(userClaims())}`);
    issuer.down = true;
    clock.time = NOW + 25 * 3_600_000;

    const principal = await verify(`Bearer ${await sign(userClaims({ exp: clock.time / 1000 + 60 }))}`);

    expect(principal.objectId).toBe(OBJECT_ID);
    expect(issuer.asked).toHaveLength(3);
  });

  test("says it is out of reach, not that the token is bad, when it never had keys; and recovers", async () => {
    const warnings: string[] = [];
    const { verify, issuer, clock } = aVerifier({ warn: (message) => warnings.push(message) });
    const header = `Bearer ${await sign(userClaims())}`;
    issuer.down = true;

    const problem = await reasonOf(verify(header));
    issuer.down = false;
    clock.time += 1_000;
    const principal = await verify(header);

    expect(problem).toEqual({ kind: "unavailable", what: "the identity provider", retryAfterSeconds: 5 });
    expect(warnings).toEqual(["the signing keys for tokens of version 2.0 could not be read"]);
    expect(principal.objectId).toBe(OBJECT_ID);
  });

  test.each([
    [
      "names another tenant's issuer",
      { issuer: `${AUTHORITY}/${OTHER_TENANT}/v2.0`, jwks_uri: `${AUTHORITY}/${TENANT}/discovery/v2.0/keys` },
    ],
    ["keeps its keys on another host", { issuer: `${AUTHORITY}/${TENANT}/v2.0`, jwks_uri: "https://keys.example/keys" }],
    ["is a list", []],
  ])("does not believe metadata that %s", async (_, document) => {
    const { verify, issuer } = aVerifier();
    issuer.documents[`${AUTHORITY}/${TENANT}/v2.0/.well-known/openid-configuration`] = document;

    const problem = await reasonOf(verify(`Bearer ${await sign(userClaims())}`));

    expect(problem).toMatchObject({ kind: "unavailable" });
  });

  test("takes no version 1.0 token when the API has no App ID URI", async () => {
    const { verify } = aVerifier({ audiences: [CLIENT_ID] });

    const problem = await reasonOf(verify(`Bearer ${await sign(v1Claims({ aud: CLIENT_ID }))}`));

    expect(problem).toMatchObject({ kind: "unauthenticated" });
  });

  test.each([
    ["an authority without https off this machine", { authority: "http://login.example" }],
    ["no client id among the audiences", { audiences: [APP_ID_URI] }],
    ["a tenant that is no GUID", { tenantId: "common" }],
  ])("refuses to be made with %s", (_, rest) => {
    expect(() => aVerifier(rest)).toThrow();
  });
});

describe("the negative matrix of tokens", () => {
  const seconds = NOW / 1000;
  const bearer = async (claims: Record<string, unknown>, header: Record<string, unknown> = {}) =>
    `Bearer ${await sign(claims, { header })}`;
  const part = (value: unknown) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
  const hs256 = async (claims: Record<string, unknown>, key: Uint8Array, header: Record<string, unknown> = {}) => {
    const { SignJWT } = await import("jose");
    return `Bearer ${await new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "JWT", ...header }).sign(key)}`;
  };
  const stepClaims = (rest: Record<string, unknown> = {}) => ({
    iss: "penstock",
    aud: "penstock-step",
    sub: STEP_RUN,
    run: PIPELINE_RUN,
    exp: seconds + 60,
    ...rest,
  });
  /** What a request with these headers gives the verifier. */
  const only = (url: string, headers: Record<string, string> = {}) => new Request(url, { headers }).headers.get("authorization");
  const rawClaims = async (json: string) => {
    const head = part({ alg: "RS256", typ: "JWT", kid: "key-1" });
    const { createSign } = await import("node:crypto");
    const signature = createSign("RSA-SHA256")
      .update(`${head}.${part(json)}`)
      .sign(rsa.privateKey, "base64url");
    return `Bearer ${head}.${part(json)}.${signature}`;
  };
  const pem = () => new TextEncoder().encode(rsa.publicKey.export({ type: "spki", format: "pem" }).toString());

  const cases: [string, () => Promise<string | null | undefined>][] = [
    ["no header", async () => undefined],
    ["an empty header", async () => ""],
    ["the scheme alone", async () => "Bearer"],
    ["the scheme and a space", async () => "Bearer "],
    ["another scheme", async () => `Basic ${await sign(userClaims())}`],
    ["no scheme", async () => await sign(userClaims())],
    ["two headers joined", async () => `${await bearer(userClaims())}, ${await bearer(userClaims())}`],
    ["two tokens", async () => `${await bearer(userClaims())} ${await sign(userClaims())}`],
    ["a token that is no JWT", async () => "Bearer abc"],
    ["a JWT of five parts", async () => "Bearer a.b.c.d.e"],
    ["bytes that are no base64url", async () => "Bearer a+b.c/d.e="],
    ["a header that is no JSON", async () => `Bearer ${part("no json")}.${part(userClaims())}.c2ln`],
    ["claims that are no object", async () => await rawClaims("[]")],
    ["alg none", async () => `Bearer ${part({ alg: "none", kid: "key-1" })}.${part(userClaims())}.AA`],
    ["alg none without a signature", async () => `Bearer ${part({ alg: "none" })}.${part(userClaims())}.`],
    ["alg NONE in capitals", async () => `Bearer ${part({ alg: "NONE", kid: "key-1" })}.${part(userClaims())}.AA`],
    ["HS256 with the public key as secret", async () => await hs256(userClaims(), pem(), { kid: "key-1" })],
    ["RS512", async () => await bearer(userClaims(), { alg: "RS512" })],
    ["PS256", async () => await bearer(userClaims(), { alg: "PS256" })],
    ["a signature by another key", async () => `Bearer ${await sign(userClaims(), { key: foreignRsa.privateKey })}`],
    ["a changed signature", async () => (await bearer(userClaims())).replace(/.{8}$/, "AAAAAAAA")],
    ["changed claims", async () => (await bearer(userClaims())).replace(/\.[^.]+\./, `.${part(userClaims({ roles: ["Admin"] }))}.`)],
    ["an unknown kid", async () => await bearer(userClaims(), { kid: "key-9" })],
    ["no kid", async () => await bearer(userClaims(), { kid: undefined })],
    ["a kid that is a path", async () => await bearer(userClaims(), { kid: "../../key-1" })],
    ["a kid that is a URL", async () => await bearer(userClaims(), { kid: "https://keys.example/key-1" })],
    ["a kid that is a number", async () => await bearer(userClaims(), { kid: 1 })],
    ["jku in the header", async () => await bearer(userClaims(), { jku: "https://keys.example/keys" })],
    ["x5u in the header", async () => await bearer(userClaims(), { x5u: "https://keys.example/cert" })],
    ["jwk in the header", async () => await bearer(userClaims(), { jwk: publicJwk(rsa.privateKey, "key-1") })],
    ["x5c in the header", async () => await bearer(userClaims(), { x5c: ["MIIB"] })],
    ["a nested JWT", async () => await bearer(userClaims(), { cty: "JWT" })],
    [
      "an unknown critical extension",
      async () => `Bearer ${part({ alg: "RS256", kid: "key-1", crit: ["x"], x: 1 })}.${part(userClaims())}.AA`,
    ],
    ["a type that is no access token", async () => await bearer(userClaims(), { typ: "dpop+jwt" })],
    ["expired", async () => await bearer(userClaims({ exp: seconds - 121 }))],
    ["not yet valid", async () => await bearer(userClaims({ nbf: seconds + 121 }))],
    ["no exp", async () => await bearer(userClaims({ exp: undefined }))],
    ["exp in milliseconds as text", async () => await rawClaims(JSON.stringify(userClaims({ exp: String(NOW + 1) })))],
    ["the audience of Microsoft Graph", async () => await bearer(userClaims({ aud: "00000003-0000-0000-c000-000000000000" }))],
    ["the audience of Azure Resource Manager", async () => await bearer(userClaims({ aud: "https://management.azure.com" }))],
    ["the audience of another application", async () => await bearer(userClaims({ aud: OBJECT_ID }))],
    ["an audience list that holds ours", async () => await bearer(userClaims({ aud: [CLIENT_ID, "other"] }))],
    ["no audience", async () => await bearer(userClaims({ aud: undefined }))],
    ["the App ID URI in a version 2.0 token", async () => await bearer(userClaims({ aud: APP_ID_URI }))],
    ["the client id in a version 1.0 token", async () => await bearer(v1Claims({ aud: CLIENT_ID }))],
    ["no version", async () => await bearer(userClaims({ ver: undefined }))],
    ["version 3.0", async () => await bearer(userClaims({ ver: "3.0" }))],
    ["a version 1.0 issuer in a version 2.0 token", async () => await bearer(userClaims({ iss: `https://sts.windows.net/${TENANT}/` }))],
    ["a version 2.0 issuer in a version 1.0 token", async () => await bearer(v1Claims({ iss: `${AUTHORITY}/${TENANT}/v2.0` }))],
    ["an issuer with another tenant", async () => await bearer(userClaims({ iss: `${AUTHORITY}/${OTHER_TENANT}/v2.0` }))],
    ["a version 1.0 issuer without its slash", async () => await bearer(v1Claims({ iss: `https://sts.windows.net/${TENANT}` }))],
    ["a version 2.0 issuer with a slash more", async () => await bearer(userClaims({ iss: `${AUTHORITY}/${TENANT}/v2.0/` }))],
    ["another authority", async () => await bearer(userClaims({ iss: `https://login.elsewhere/${TENANT}/v2.0` }))],
    ["no issuer", async () => await bearer(userClaims({ iss: undefined }))],
    ["a tenant that is not the issuer's", async () => await bearer(userClaims({ tid: OTHER_TENANT }))],
    ["a tenant that is no GUID", async () => await bearer(userClaims({ tid: "common" }))],
    ["the tenant of personal accounts", async () => await bearer(userClaims({ tid: "9188040d-6c67-4c5b-b112-36a304b66dad" }))],
    ["no tenant", async () => await bearer(userClaims({ tid: undefined }))],
    ["an ID token", async () => await bearer(userClaims({ scp: undefined, nonce: "n", preferred_username: "a@b.example" }))],
    ["a delegated token without a scope", async () => await bearer(userClaims({ scp: undefined, idtyp: "user" }))],
    ["another scope", async () => await bearer(userClaims({ scp: "Files.Read" }))],
    ["a scope that contains ours", async () => await bearer(userClaims({ scp: "user_impersonation_all" }))],
    ["a scope that looks like ours", async () => await bearer(userClaims({ scp: "user_impers\u043enation" }))],
    ["a scope in other case", async () => await bearer(userClaims({ scp: "User_Impersonation" }))],
    ["scopes as a list", async () => await bearer(userClaims({ scp: ["user_impersonation"] }))],
    ["an application with scopes only", async () => await bearer(appClaims({ roles: undefined, scp: "user_impersonation" }))],
    ["an application without roles", async () => await bearer(appClaims({ roles: undefined }))],
    ["an application with no role in its list", async () => await bearer(appClaims({ roles: [] }))],
    ["roles as text", async () => await bearer(appClaims({ roles: "Admin" }))],
    ["an application without idtyp", async () => await bearer(appClaims({ idtyp: undefined }))],
    ["an unknown idtyp", async () => await bearer(appClaims({ idtyp: "device" }))],
    ["no object id", async () => await bearer(userClaims({ oid: undefined }))],
    ["an object id that is a number", async () => await bearer(userClaims({ oid: 4 }))],
    ["an object id that is no GUID", async () => await bearer(userClaims({ oid: "ada@example.com" }))],
    ["100 KB of token", async () => await bearer(userClaims({ padding: "x".repeat(100_000) }))],
    [
      "a duplicate claim whose last value is wrong",
      async () => await rawClaims(JSON.stringify(userClaims()).replace(/}$/, ',"aud":"other"}')),
    ],
    ["a token in the query", async () => only(`https://api.example/?access_token=${await sign(userClaims())}`)],
    ["a token in a cookie", async () => only("https://api.example/", { cookie: `token=${await sign(userClaims())}` })],
    ["a forged X-MS-CLIENT-PRINCIPAL", async () => only("https://api.example/", { "x-ms-client-principal": part({ userId: OBJECT_ID }) })],
    [
      "a forged X-MS-TOKEN-AAD-ACCESS-TOKEN",
      async () => only("https://api.example/", { "x-ms-token-aad-access-token": await sign(userClaims()) }),
    ],
    ["a function key alone", async () => only("https://api.example/?code=abc", { "x-functions-key": "abc" })],
    ["a step token under another key", async () => await hs256(stepClaims(), new Uint8Array(32).fill(8))],
    ["a step token of another audience", async () => await hs256(stepClaims({ aud: CLIENT_ID }), STEP_KEY)],
    ["a step token of another issuer", async () => await hs256(stepClaims({ iss: `${AUTHORITY}/${TENANT}/v2.0` }), STEP_KEY)],
    ["a step token without exp", async () => await hs256(stepClaims({ exp: undefined }), STEP_KEY)],
    ["a step token without its pipeline run", async () => await hs256(stepClaims({ run: undefined }), STEP_KEY)],
    ["a step token for something that is no run", async () => await hs256(stepClaims({ sub: "../x" }), STEP_KEY)],
    ["an expired step token", async () => await hs256(stepClaims({ exp: seconds - 121 }), STEP_KEY)],
    ["user claims under the step tokens' key", async () => await hs256(userClaims(), STEP_KEY)],
    ["step claims under the issuer's key", async () => await bearer(stepClaims())],
  ];

  test.each(cases)("refuses %s", async (_, make) => {
    const { verify } = aVerifier();
    const header = await make();

    const problem = await reasonOf(verify(header));

    expect(problem).toMatchObject({ kind: "unauthenticated" });
  });

  test("is tried against a verifier that takes the tokens the cases are made from", async () => {
    const { verify } = aVerifier();

    const taken = await Promise.all([
      bearer(userClaims()),
      bearer(appClaims()),
      bearer(v1Claims()),
      rawClaims(JSON.stringify(userClaims())),
    ]);

    for (const header of taken) await expect(verify(header)).resolves.toMatchObject({ objectId: OBJECT_ID });
    await expect(verify(await hs256(stepClaims(), STEP_KEY))).resolves.toMatchObject({ kind: "step" });
    expect(cases.length).toBeGreaterThanOrEqual(45);
  });
});

describe("mintStepToken", () => {
  const claims = { stepRunId: STEP_RUN, runId: PIPELINE_RUN, expiresAt: "2026-11-25T00:00:00.500Z" };

  test("gives the same bytes for the same claims, without a time of issue", async () => {
    const [first, second] = [await mintStepToken(claims, STEP_KEY), await mintStepToken({ ...claims }, STEP_KEY)];

    expect(first).toBe(second);
    expect(JSON.parse(Buffer.from(first.split(".")[1] ?? "", "base64url").toString())).toEqual({
      iss: "penstock",
      aud: "penstock-step",
      sub: STEP_RUN,
      run: PIPELINE_RUN,
      exp: Date.UTC(2026, 10, 25) / 1000,
    });
  });

  test("refuses a key that is too short", async () => {
    await expect(mintStepToken(claims, new Uint8Array(31))).rejects.toThrow("it needs 32");
  });
});
