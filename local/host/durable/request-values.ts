import type { HostRequest } from "../contract.ts";
import { JsonReader, JsonTextError } from "./json-reader.ts";
import { Refusal } from "./refusal.ts";
import { STATUSES } from "./sqlite-schema.ts";
import type { InstanceFilter } from "./storage.ts";

/** Decoded parts of a path; an encoded slash or a stray NUL is no part of any [R instance-ids]. */
export function segments(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "");
  try {
    const decoded = parts.map(decodeURIComponent);
    if (decoded.some((part) => part.includes("\0"))) throw new Refusal(400);
    return decoded;
  } catch (error) {
    if (error instanceof URIError) throw new Refusal(400);
    throw error;
  }
}

/** A query parameter that is true or false. */
export function flag(query: URLSearchParams, name: string, otherwise = false): boolean {
  const value = query.get(name);
  return value === null ? otherwise : value.toLowerCase() === "true";
}

/** The body as text. */
export function text(request: HostRequest): string {
  return new TextDecoder().decode(request.body);
}

/** The input of a start, as JSON; null for none. */
export function startInput(request: HostRequest): string | null {
  const body = text(request);
  // The client's "no input" is the JSON text of an empty string, so it comes as one [R orchestration-input-kinds].
  if (body === "") return null;
  const input = readJson(body);
  return input === "null" ? null : input;
}

/** A body as JSON. @throws {Refusal} it is none. */
export function readJson(body: string): string {
  try {
    return normalized(body);
  } catch (error) {
    if (error instanceof RangeError) throw Refusal.badJson("The JSON is nested too deeply.");
    if (!(error instanceof JsonTextError)) throw error;
    throw Refusal.badJson(error.message);
  }
}

function normalized(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return JsonReader.normalize(body);
  }
}

/** Which instances a query names. */
export function filterOf(query: URLSearchParams): InstanceFilter {
  const statuses = query.get("runtimeStatus")?.split(",");
  const known = statuses
    ?.map((word) => STATUSES.find((s) => s.toLowerCase() === word.trim().toLowerCase()))
    .filter((s): s is (typeof STATUSES)[number] => s !== undefined);
  return {
    ...instant(query, "createdTimeFrom", "createdFrom"),
    ...instant(query, "createdTimeTo", "createdTo"),
    // Words that are no status match nothing: a purge by a misspelt one must not purge everything.
    ...(known && { statuses: known }),
    ...(query.get("instanceIdPrefix") && { idPrefix: query.get("instanceIdPrefix") ?? "" }),
  };
}

function instant<Name extends string>(query: URLSearchParams, parameter: string, name: Name): Partial<Record<Name, number>> {
  const at = Date.parse(query.get(parameter) ?? "");
  return Number.isNaN(at) ? {} : ({ [name]: at } as Partial<Record<Name, number>>);
}
