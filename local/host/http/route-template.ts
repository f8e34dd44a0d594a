import type { Constraint } from "./route-constraints.ts";
import { parseConstraint } from "./route-constraints.ts";
import { RouteTemplateError } from "./route-template-error.ts";

/** `{name:constraint=default?}`; a catch-all takes the rest of the path, slashes included. */
export interface Parameter {
  kind: "parameter";
  name: string;
  constraints: readonly Constraint[];
  defaultValue: string | undefined;
  optional: boolean;
  catchAll: boolean;
}

/** `lower` is what a path's text, in lower case, is compared with. */
export interface Literal {
  kind: "literal";
  text: string;
  lower: string;
}

export type Part = Literal | Parameter;
/** What stands between two slashes: one part, or several side by side as in `{name}.{extension}`. */
export type Segment = readonly Part[];

/**
 * Parses an ASP.NET route template; leading and trailing slashes mean nothing.
 * @throws {RouteTemplateError} naming what is wrong with it.
 */
export function parseRouteTemplate(template: string): Segment[] {
  const text = template.replace(/^\/+|\/+$/g, "");
  const segments = text === "" ? [] : splitSegments(text).map((segment) => parseSegment(segment, template));
  checkWhole(segments, template);
  return segments;
}

/** At slashes outside braces: a regex constraint may hold one. */
function splitSegments(text: string): string[] {
  const segments: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "{") depth += 1;
    else if (text[i] === "}") depth -= 1;
    else if (text[i] === "/" && depth === 0) {
      segments.push(text.slice(from, i));
      from = i + 1;
    }
  }
  segments.push(text.slice(from));
  return segments;
}

function parseSegment(text: string, template: string): Segment {
  if (text === "") throw new RouteTemplateError(`Route "${template}" has two slashes in a row.`);
  const parts: Part[] = [];
  let literal = "";
  const flush = () => {
    if (literal !== "") parts.push({ kind: "literal", text: literal, lower: literal.toLowerCase() });
    literal = "";
  };
  for (let i = 0; i < text.length; ) {
    const doubled = text.startsWith("{{", i) || text.startsWith("}}", i);
    if (doubled || (text[i] !== "{" && text[i] !== "}")) {
      literal += text[i];
      i += doubled ? 2 : 1;
      continue;
    }
    const end = text[i] === "{" ? closingBrace(text, i) : -1;
    if (end < 0)
      throw new RouteTemplateError(`Route "${template}" has a "${text[i]}" without its partner; write it twice for the character itself.`);
    flush();
    if (parts.at(-1)?.kind === "parameter")
      throw new RouteTemplateError(`Route "${template}" has two parameters with nothing between them.`);
    parts.push(parseParameter(text.slice(i + 1, end), template));
    i = end + 1;
  }
  flush();
  return parts;
}

/** Doubled braces inside a parameter (in a regex) are text. */
function closingBrace(text: string, open: number): number {
  for (let i = open + 1; i < text.length; i++) {
    if (text[i] === "{") i += 1;
    else if (text[i] === "}") {
      if (text[i + 1] === "}" && text.indexOf("}", i + 2) >= 0) i += 1;
      else return i;
    }
  }
  return -1;
}

function parseParameter(text: string, template: string): Parameter {
  const stars = /^\*{0,2}/.exec(text)?.[0].length ?? 0;
  const { name, constraints, rest } = takeConstraints(text.slice(stars), template);
  const optional = rest === "?";
  const defaultValue = rest.startsWith("=") ? rest.slice(1) : undefined;
  if (name === "" || /[/{}?*]/.test(name))
    throw new RouteTemplateError(`Route "${template}" has a parameter without a usable name: "{${text}}".`);
  if (stars > 0 && optional)
    throw new RouteTemplateError(`Route "${template}" makes the catch-all "${name}" optional, which it is anyway.`);
  return { kind: "parameter", name, constraints, defaultValue, optional, catchAll: stars > 0 };
}

/** `name:a(1):b` and what follows, which is `?`, `=default` or nothing. Parentheses protect what they hold. */
function takeConstraints(text: string, template: string): { name: string; constraints: Constraint[]; rest: string } {
  const cuts: number[] = [];
  let depth = 0;
  let end = text.length;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "(") depth += 1;
    else if (c === ")") depth -= 1;
    else if (depth === 0 && c === ":") cuts.push(i);
    else if (depth === 0 && (c === "=" || (c === "?" && i === text.length - 1))) {
      end = i;
      break;
    }
  }
  const [name = "", ...constraints] = [-1, ...cuts].map((cut, i) => text.slice(cut + 1, cuts[i] ?? end));
  return { name, constraints: constraints.map((constraint) => parseConstraint(constraint, template)), rest: text.slice(end) };
}

function checkWhole(segments: readonly Segment[], template: string): void {
  const names = new Set<string>();
  segments.forEach((segment, i) => {
    const last = i === segments.length - 1;
    segment.forEach((part, j) => {
      if (part.kind === "literal") return;
      const lower = part.name.toLowerCase();
      if (names.has(lower)) throw new RouteTemplateError(`Route "${template}" has the parameter "${part.name}" twice.`);
      names.add(lower);
      if (part.catchAll && (!last || segment.length > 1))
        throw new RouteTemplateError(`Route "${template}" has something behind or beside the catch-all "${part.name}".`);
      const before = segment[j - 1];
      const afterDot = j === segment.length - 1 && before?.kind === "literal" && before.text === ".";
      if (part.optional && segment.length > 1 && !afterDot)
        throw new RouteTemplateError(
          `Route "${template}" has the optional parameter "${part.name}" inside a segment; it may only follow a period at the end.`,
        );
      if (part.optional && !last)
        throw new RouteTemplateError(`Route "${template}" has the optional parameter "${part.name}" before its end.`);
    });
  });
}
