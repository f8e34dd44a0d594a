import fc from "fast-check";
import { allRoutes } from "../../../shared/api/routes/all.ts";
import type { Known } from "../known.ts";

/** A request as bytes, and what may be said of its answer beforehand. */
export interface HostileRequest {
  bytes: Buffer;
  /** Whether the caller may be let in: it is who it says, or asks for the page at the root. */
  mayEnter: boolean;
  /** Whether the bytes are a whole request, which is always answered. */
  isWhole: boolean;
  what: string;
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const ODD_METHODS = ["TRACE", "PROPFIND", "QUERY", "CONNECT", "get", "FOO", "G".repeat(400), "GE\0T", "ÄÖ", ""];
const SEGMENTS = [
  "%00",
  "%2e%2e",
  "..",
  ".",
  "%2f",
  "%5c",
  "%c0%af",
  "%ff",
  "%",
  "%zz",
  "%u0041",
  "\\",
  ";a=b",
  "",
  "ä",
  "\u0000",
  "~",
  "%F0%9F%98%80",
  "{x}",
  "CON",
];
const QUERIES = [
  "limit=1e3",
  "limit=1&limit=2",
  "=",
  "&&&",
  "%",
  "__proto__=1",
  "a[b]=c",
  "path=..%2f..%2fetc%2fpasswd",
  "path=%00",
  "waitSeconds=1e-9",
  "waitSeconds=NaN",
  "from=-9e99",
  "cursor=%F0%9F%98%80",
  `prefix=${"a".repeat(5000)}`,
  "after=%0d%0ax:y",
];
const TYPES = [
  "application/json",
  "application/json; charset=utf-16",
  "text/plain",
  "multipart/form-data; boundary=x",
  "application/x-www-form-urlencoded",
  "APPLICATION/JSON",
  "application/octet-stream",
  "x",
  "",
];
const BODIES = [
  "",
  "{}",
  "[]",
  "null",
  "0",
  '"',
  "{",
  `${"[".repeat(5000)}`,
  '{"a":1,"a":2}',
  '{"__proto__":{"x":1}}',
  '{"\\u005f_proto__":1}',
  '{"size":1e400}',
  '{"size":-0}',
  '{"size":9007199254740993}',
  "\ufeff{}",
  "{} {}",
  '{"size":"\\ud800"}',
  "a=b&c=d",
  "\u0000",
];
const RANGES = ["bytes=0-", "bytes=-1", "bytes=5-2", "bytes=0-0,2-3", "bytes=99999999999999999999-", "items=0-1", "bytes=", "\u00ff"];
const HEADERS = [
  "X-HTTP-Method-Override: DELETE",
  "X-Ms-Client-Principal: eyJyb2xlcyI6WyJBZG1pbiJdfQ==",
  "Content-Encoding: gzip",
  "Origin: http://evil.example",
  "Origin: null",
  "Sec-Fetch-Site: cross-site",
  "Host: evil.example",
  "Cookie: a=b",
  "Expect: 100-continue",
  "Expect: x",
  "Upgrade: websocket",
  "If-Match: *",
  "Accept: application/xml",
  "Accept-Encoding: br;q=x",
  "Idempotency-Key: ",
  `Idempotency-Key: ${"k".repeat(300)}`,
  `X-Long: ${"x".repeat(17_000)}`,
  "Bad Header: x",
  "X-Nul: a\u0000b",
  "X-High: \u00e4\u00ff",
  ": nameless",
  " folded: x",
  "Transfer-Encoding: identity",
  "Transfer-Encoding: gzip, chunked",
  "Content-Length: 3",
  "Content-Length: -1",
  "Content-Length: 999999999999",
  "Content-Length: 0x10",
];

/** Requests that no document describes: what is sent by somebody who wants in, or by a program that is broken. */
export function hostileRequests(address: string, token: string, known: Known): fc.Arbitrary<HostileRequest> {
  const { host } = new URL(address);
  return fc
    .record({ method: method(), target: target(known), caller: caller(token), head: fc.array(header(), { maxLength: 3 }), body: body() })
    .map(({ method, target, caller, head, body }) => {
      const lengths = head.some((line) => /^(Content-Length|Transfer-Encoding)/i.test(line)) ? [] : [`Content-Length: ${body.length}`];
      const hosts = head.some((line) => line.startsWith("Host:")) ? [] : [`Host: ${host}`];
      const lines = [`${method} ${target} HTTP/1.1`, ...hosts, "Connection: close", ...caller.lines, ...head, ...lengths];
      return {
        bytes: Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), body]),
        mayEnter: caller.isKnown || /^\/+(?:\?|$)/.test(target),
        isWhole: lengths.length > 0 && !head.some((line) => /^Expect: 100/.test(line)),
        what: `${method.slice(0, 40)} ${target.slice(0, 200)} [${[...caller.lines.map(() => caller.what), ...head].map((line) => line.slice(0, 60)).join(" | ")}] ${body.length} bytes`,
      };
    });
}

function method(): fc.Arbitrary<string> {
  return fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...METHODS) }, { weight: 1, arbitrary: fc.constantFrom(...ODD_METHODS) });
}

function target(known: Known): fc.Arbitrary<string> {
  const filled = fc.constantFrom(...allRoutes.map(({ path }) => `/${path}`)).chain((path) =>
    fc
      .record({
        run: fc.constantFrom(...known.runs),
        upload: fc.constantFrom(...known.uploads),
        name: fc.constantFrom(...known.names),
        pipeline: fc.constantFrom(...known.published),
        asset: fc.constantFrom(...known.assets),
        schedule: fc.constantFrom(...known.schedules),
      })
      .map(({ run, upload, name, pipeline, asset, schedule }) =>
        path
          .replace("{runId}", run)
          .replace("{uploadId}", upload)
          .replace("{name}", name)
          .replace("{pipelineId}", pipeline)
          .replace("{idOrName}", asset)
          .replace("{scheduleId}", schedule)
          .replace("{draftId}", known.drafts[0] ?? "")
          .replace("{part}", "0")
          .replace("{snapshotId}", known.snapshots[0] ?? ""),
      ),
  );
  const bent = fc
    .tuple(filled, fc.array(fc.constantFrom(...SEGMENTS), { minLength: 1, maxLength: 3 }), fc.nat(6))
    .map(([path, inserted, at]) => {
      const parts = path.split("/");
      parts.splice(Math.min(at, parts.length), 0, ...inserted);
      return parts.join("/");
    });
  const foreign = fc.constantFrom(
    "*",
    "/",
    "//",
    "///api//runs",
    "/API/RUNS",
    "/api",
    "/admin/host/keys",
    "/runtime/webhooks/durabletask/instances",
    "http://evil.example/api/runs",
    "/api/runs#x",
    `/api/${"a".repeat(9000)}`,
    `/${"a/".repeat(4000)}`,
    "api/runs",
    "/.env",
    "/api/openapi.json/../runs",
  );
  const path = fc.oneof({ weight: 3, arbitrary: filled }, { weight: 3, arbitrary: bent }, { weight: 1, arbitrary: foreign });
  const query = fc.oneof(
    fc.constant(""),
    fc.array(fc.constantFrom(...QUERIES), { minLength: 1, maxLength: 3 }).map((all) => `?${all.join("&")}`),
    printable(40).map((text) => `?${text}`),
  );
  return fc.tuple(path, query).map(([path, query]) => path + query);
}

interface Caller {
  lines: readonly string[];
  isKnown: boolean;
  what: string;
}

function caller(token: string): fc.Arbitrary<Caller> {
  const [head = "", claims = "", signature = ""] = token.split(".");
  const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url");
  const other = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString("base64url");
  const bad: Record<string, string[]> = {
    nobody: [],
    "an empty header": ["Authorization: "],
    "no token": ["Authorization: Bearer"],
    "another scheme": ["Authorization: Basic YTpi"],
    "no signature": [`Authorization: Bearer ${none}.${claims}.`],
    "another algorithm": [`Authorization: Bearer ${other}.${claims}.${signature}`],
    "a signature with another end": [`Authorization: Bearer ${head}.${claims}.${signature.slice(0, -8)}AAAAAAAA`],
    "other claims": [`Authorization: Bearer ${head}.${claims.slice(0, -2)}AA.${signature}`],
    "four parts": [`Authorization: Bearer ${token}.x`],
    "a long token": [`Authorization: Bearer ${"a".repeat(9000)}.b.c`],
    bytes: ["Authorization: Bearer \u0080\u00ff\u0001"],
    "a function key": ["x-functions-key: x"],
    "a cookie": [`Cookie: Authorization=Bearer ${token}`],
  };
  return fc.oneof<fc.WeightedArbitrary<Caller>[]>(
    { weight: 2, arbitrary: fc.constant({ lines: [`Authorization: Bearer ${token}`], isKnown: true, what: "the caller" }) },
    { weight: 1, arbitrary: fc.constantFrom(...Object.entries(bad)).map(([what, lines]) => ({ lines, isKnown: false, what })) },
  );
}

function header(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constantFrom(...TYPES).map((type) => `Content-Type: ${type}`),
    fc.constantFrom(...RANGES).map((range) => `Range: ${range}`),
    fc.constantFrom(...HEADERS),
    printable(30).map((text) => `X-Any: ${text}`),
  );
}

function body(): fc.Arbitrary<Buffer> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant(Buffer.alloc(0)) },
    { weight: 3, arbitrary: fc.constantFrom(...BODIES).map((text) => Buffer.from(text)) },
    { weight: 1, arbitrary: fc.json({ maxDepth: 4 }).map((text) => Buffer.from(text)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
  );
}

function printable(maxLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength });
}
