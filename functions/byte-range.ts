import type { HttpResponseInit } from "@azure/functions";
import { ProblemError } from "../shared/domain/problems.ts";

/**
 * One range of RFC 9110 §14.1.2 as `from` and `length`, or undefined for the whole: what cannot be read is ignored, as the RFC allows.
 * @throws {ProblemError} range-not-satisfiable when no byte of the file is in it.
 */
export function parseRange(header: string | null, size: number): { from: number; length: number } | undefined {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!found || (found[1] === "" && found[2] === "")) return undefined;
  const from = found[1] === "" ? Math.max(0, size - Number(found[2])) : Number(found[1]);
  const to = found[1] === "" || found[2] === "" ? size - 1 : Math.min(size - 1, Number(found[2]));
  if (from >= size || (found[2] === "0" && found[1] === "")) throw new ProblemError({ kind: "range-not-satisfiable", size });
  return from > to ? undefined : { from, length: to - from + 1 };
}

/** Bytes as an attachment that no browser runs: what a script wrote is never a page of this origin. */
export function fileResponse(
  path: string,
  size: number,
  bytes: Uint8Array,
  range: { from: number; length: number } | undefined,
): HttpResponseInit {
  const name = path.split("/").at(-1) ?? "file";
  return {
    status: range ? 206 : 200,
    headers: {
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name).replaceAll("'", "%27")}`,
      "content-security-policy": "sandbox; default-src 'none'",
      "x-content-type-options": "nosniff",
      "accept-ranges": "bytes",
      "cache-control": "no-store",
      ...(range && { "content-range": `bytes ${range.from}-${range.from + bytes.length - 1}/${size}` }),
    },
    body: bytes,
  };
}
