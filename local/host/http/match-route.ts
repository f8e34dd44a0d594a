import type { Literal, Parameter, Part, Segment } from "./route-template.ts";

export type RouteValues = Record<string, string>;

/**
 * The values of a template's parameters in a path, or undefined where the path does not fit. An optional parameter that
 * the path leaves out is absent.
 */
export function matchRoute(template: readonly Segment[], path: readonly string[]): RouteValues | undefined {
  const values: RouteValues = Object.create(null);
  for (let i = 0; i < template.length; i++) {
    const segment = template[i] ?? [];
    const first = segment[0];
    if (first?.kind === "parameter" && first.catchAll) return take(first, path.slice(i).join("/"), values) ? values : undefined;
    const text = path[i];
    if (text === undefined || text === "") {
      if (text === "" || !first || segment.length > 1 || !takeDefault(first, values)) return undefined;
    } else if (!matchSegment(segment, text, values)) return undefined;
  }
  return path.length > template.length ? undefined : values;
}

/** Whether one segment of a path fits one segment of a template. */
export function matchSegment(segment: Segment, text: string, values: RouteValues): boolean {
  const [only] = segment;
  if (!only) return false;
  if (segment.length > 1) return matchParts(segment, text, values);
  return only.kind === "literal" ? text.toLowerCase() === only.lower : take(only, text, values);
}

function takeDefault(part: Part, values: RouteValues): boolean {
  if (part.kind === "literal") return false;
  if (part.defaultValue !== undefined) values[part.name] = part.defaultValue;
  return part.optional || part.defaultValue !== undefined;
}

function take(parameter: Parameter, text: string, values: RouteValues): boolean {
  if (text === "") return parameter.catchAll && (takeDefault(parameter, values) || true);
  if (!parameter.constraints.every((constraint) => constraint.matches(text))) return false;
  values[parameter.name] = text;
  return true;
}

/** With the optional end, or, if that does not fit, without it and the period before it. */
function matchParts(parts: Segment, text: string, values: RouteValues): boolean {
  if (matchAllParts(parts, text, values)) return true;
  const last = parts.at(-1);
  return last?.kind === "parameter" && last.optional && !text.endsWith(".") && matchAllParts(parts.slice(0, -2), text, values);
}

/** From the right, as ASP.NET does: each literal at its last possible place, each parameter at least one character. */
function matchAllParts(parts: Segment, text: string, values: RouteValues): boolean {
  const lower = text.toLowerCase();
  let end = text.length;
  let waiting: Parameter | undefined;
  for (let i = parts.length - 1; i >= 0; i--) {
    const part = parts[i];
    if (!part) return false;
    if (part.kind === "parameter") {
      waiting = part;
      continue;
    }
    const at = lastPlace(lower, part, waiting ? end - 1 : end);
    if (at < 0 || (!waiting && at + part.text.length !== end)) return false;
    if (waiting && !take(waiting, text.slice(at + part.text.length, end), values)) return false;
    waiting = undefined;
    end = at;
  }
  return waiting ? take(waiting, text.slice(0, end), values) : end === 0;
}

/** Where the literal last occurs so that it ends at or before `end`; -1 for nowhere. */
function lastPlace(lower: string, literal: Literal, end: number): number {
  const from = end - literal.lower.length;
  return from < 0 ? -1 : lower.lastIndexOf(literal.lower, from);
}
