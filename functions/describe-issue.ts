import type { z } from "zod";
import type { ProblemDetail } from "../shared/domain/problems.ts";

type Issue = z.core.$ZodIssue;

const SHOWN_CHARACTERS = 80;
/** Names that are not known are all named, however many were sent. */
const MESSAGE_CHARACTERS = 1000;

/**
 * What a schema found wrong, for the caller: a JSON Pointer to the member, the rule, the value that broke it (shortened), and what to do where
 * that is known. Schemas must be parsed with `reportInput`, or no value is named.
 * @param where first part of the pointer, empty for the body.
 */
export function describeIssue(issue: Issue, where: string): ProblemDetail {
  const closest = innermost(issue);
  const path = closest === issue ? "" : relativePath(issue, closest);
  return {
    pointer: pointerTo(where, issue.path),
    message: shortened(`${path}${messageOf(closest)}`),
    ...(closest.code === "unrecognized_keys" && { remedy: "leave it out, or see GET /api/openapi.json for the name that is meant" }),
  };
}

/** zod says which member of a union failed in its own nested way: the one it got furthest with is what the caller meant. */
function innermost(issue: Issue): Issue {
  const nested =
    issue.code === "invalid_union"
      ? [...issue.errors].sort((a, b) => depth(b) - depth(a) || Number(isOtherType(a)) - Number(isOtherType(b)) || a.length - b.length)[0]
      : issue.code === "invalid_key" || issue.code === "invalid_element"
        ? issue.issues
        : undefined;
  return nested?.[0] ? innermost(nested[0]) : issue;
}

function relativePath(outer: Issue, inner: Issue): string {
  if (outer.code === "invalid_key") return `the name ${shown(outer.path.at(-1))} is not as it should be: `;
  return inner.path.length > 0 ? `${inner.path.join(".")}: ` : "";
}

function messageOf(issue: Issue): string {
  if (issue.input === undefined && issue.code === "invalid_type") return "this is missing";
  return isPlain(issue.input) && issue.code !== "unrecognized_keys" ? `${issue.message}; it is ${shown(issue.input)}` : issue.message;
}

function shortened(text: string): string {
  return text.length <= MESSAGE_CHARACTERS ? text : `${text.slice(0, MESSAGE_CHARACTERS)} …`;
}

function isPlain(value: unknown): boolean {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}

function shown(value: unknown): string {
  if (typeof value === "number") return String(value);
  const text = JSON.stringify(typeof value === "symbol" ? String(value) : value);
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}… (${text.length - 2} characters)`;
}

/** A list that is too long is more of a list than of a number. */
function isOtherType([issue]: readonly Issue[]): boolean {
  return issue !== undefined && issue.path.length === 0 && (issue.code === "invalid_type" || issue.code === "invalid_union");
}

function depth(issues: readonly Issue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

function pointerTo(where: string, path: readonly PropertyKey[]): string {
  return [where, ...path.map((part) => String(part).replaceAll("~", "~0").replaceAll("/", "~1"))]
    .filter((part, at) => at > 0 || part !== "")
    .reduce((pointer, part) => `${pointer}/${part}`, "");
}
