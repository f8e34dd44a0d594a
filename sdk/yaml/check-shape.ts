import { z } from "zod";
import { suggest } from "../suggest.ts";
import type { Report } from "./report.ts";
import type { Path, YamlTree } from "./yaml-tree.ts";

/** Explains a key that a schema does not have; undefined leaves it to the nearest name. */
export type ExplainKey = (key: string) => { message: string; remedy?: string } | undefined;

/** Checks a part of a file against a schema; each issue is reported at its own line, and undefined comes back if there was one. */
export function checkShape<S extends z.ZodType>(
  schema: S,
  tree: YamlTree,
  path: Path,
  report: Report,
  explain: ExplainKey = () => undefined,
): z.output<S> | undefined {
  const parsed = schema.safeParse(tree.at(path)?.value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) reportIssue(issue, tree, path, report, schema, explain);
  return undefined;
}

function reportIssue(issue: z.core.$ZodIssue, tree: YamlTree, base: Path, report: Report, schema: z.ZodType, explain: ExplainKey): void {
  const path = [...base, ...issue.path.map((part) => (typeof part === "symbol" ? String(part) : part))];
  if (issue.code === "unrecognized_keys") {
    for (const key of issue.keys) {
      const known = explain(key) ?? {
        message: `${nameOf([...path, key])} is not a key that is known here`,
        remedy: nearKey(key, schema, issue.path),
      };
      report.add(tree.position([...path, key], "key"), known.message, known.remedy);
    }
    return;
  }
  const missing = tree.at(path) === undefined;
  const at = missing || issue.code === "invalid_key" ? tree.position(path, "key") : tree.position(path);
  report.add(at, `${nameOf(path)} ${missing ? "is missing" : describe(issue, tree.at(path)?.value)}`);
}

/** `steps.train.script_name`: how people write a path. */
export function nameOf(path: Path): string {
  const shown = path[0] === "pipeline" && path.length > 1 ? path.slice(1) : path;
  return shown.length === 0
    ? "the file"
    : shown.map((part, index) => (typeof part === "number" ? `[${part}]` : `${index > 0 ? "." : ""}${part}`)).join("");
}

function describe(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${WORDS[issue.expected] ?? issue.expected}, not ${kindOf(value)}`;
    case "invalid_value":
      return `must be ${issue.values.map(String).join(" or ")}, not ${JSON.stringify(value)}`;
    case "invalid_key":
      return `is not a name that can be used: ${issue.issues[0]?.message ?? issue.message}`;
    case "invalid_format":
    case "custom":
      return `is ${JSON.stringify(value)}: ${issue.message}`;
    case "too_small":
      return "is empty";
    case "too_big":
      return `is too long: ${issue.maximum} at the most`;
    default:
      return issue.message;
  }
}

const WORDS: Readonly<Record<string, string>> = {
  string: "a text",
  object: "a map (key: value)",
  record: "a map (key: value)",
  array: "a list",
  boolean: "true or false",
  number: "a number",
  int: "a whole number",
};

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "empty";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a map" : `the ${typeof value === "string" ? "text" : typeof value} ${JSON.stringify(value)}`;
}

/** Proposes a key of the object that `path` leads to in the schema. */
function nearKey(key: string, schema: z.ZodType, path: readonly PropertyKey[]): string {
  let at: unknown = schema;
  for (const part of path) at = step(unwrap(at), part);
  const object = unwrap(at);
  const keys = object instanceof z.ZodObject ? Object.keys(object.shape) : [];
  const near = suggest(key, keys);
  return near === undefined ? `the keys here are ${keys.join(", ")}` : `did you mean ${near}?`;
}

function unwrap(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional) return unwrap(schema.unwrap());
  if (schema instanceof z.ZodUnion) return schema.options.map(unwrap).find((option) => option instanceof z.ZodObject);
  return schema;
}

function step(schema: unknown, part: PropertyKey): unknown {
  if (schema instanceof z.ZodObject) return schema.shape[String(part)];
  if (schema instanceof z.ZodRecord) return schema.valueType;
  return undefined;
}
