import { isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, type Node, type Pair, parseDocument, Scalar } from "yaml";
import type { Report } from "./report.ts";
import type { Position } from "./yaml-error.ts";

/** Values that anchors may stand for in one file, counted after they are put in. */
const MAX_EXPANDED = 100_000;

/** Tokens of one file: words, punctuation marks, blanks between them and ends of lines. What a mebibyte of brackets takes to read is seconds. */
export const MAX_TOKENS = 150_000;

/** A value of the file as plain data, and where it and its parts stand. */
export interface YamlNode {
  readonly value: unknown;
  /** Offsets into the text; a value without one of its own (an empty one) stands where its key does. */
  readonly start: number;
  readonly keyStart?: number;
  /** The scalar as it was written, e.g. `1.0` for the number 1. */
  readonly source?: string;
  readonly children?: ReadonlyMap<string | number, YamlNode>;
}

/** A way into nested maps and lists. */
export type Path = readonly (string | number)[];

/** A YAML file as data with positions. `~`, an empty value and the bare word None are left out: v1 has them mean "unset". */
export class YamlTree {
  readonly root: YamlNode;
  private readonly lines: LineCounter;

  constructor(root: YamlNode, lines: LineCounter) {
    this.root = root;
    this.lines = lines;
  }

  /** The node at a path, or undefined. */
  at(path: Path): YamlNode | undefined {
    let node: YamlNode | undefined = this.root;
    for (const part of path) node = node?.children?.get(part);
    return node;
  }

  /** Where the value at a path stands, or else the nearest thing around it. */
  position(path: Path, which: "value" | "key" = "value"): Position {
    let node = this.root;
    let depth = 0;
    for (; depth < path.length; depth++) {
      const child = node.children?.get(path[depth] ?? "");
      if (child === undefined) break;
      node = child;
    }
    return this.place(which === "key" || depth < path.length ? (node.keyStart ?? node.start) : node.start);
  }

  /** The text of a scalar as it was written, so that `version: 1.0` is "1.0"; undefined for anything else. */
  text(path: Path): string | undefined {
    const node = this.at(path);
    return typeof node?.value === "string" ? node.value : node?.source;
  }

  private place(offset: number): Position {
    const { line, col } = this.lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}

/** Reads YAML 1.2 text; what is wrong goes to the report, and undefined comes back when there is nothing to go on with. */
export function parseYaml(text: string, report: Report): YamlTree | undefined {
  const lines = new LineCounter();
  const place = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  if (hasTooManyTokens(text)) {
    report.add(
      { line: 1, column: 1 },
      `has more than ${MAX_TOKENS} tokens (words, punctuation marks, blanks between them, ends of lines)`,
      "write less, or submit a generated pipeline as JSON by POST /api/runs",
    );
    return undefined;
  }
  try {
    const document = parse(text, lines);
    // Where the stack ends inside a regular expression, the parser takes that for an error in the text.
    if (document.errors.some(({ message }) => /stack overflow|call stack/i.test(message))) throw new RangeError("stack overflow");
    for (const { pos, code, message } of [...document.errors, ...document.warnings]) {
      report.add(place(pos[0]), code === "MULTIPLE_DOCS" ? "a second document begins here" : lowerFirst(message));
    }
    if (report.count > 0) return undefined;
    return new YamlTree(new Reader(report, place).read(document.contents, 0), lines);
  } catch (error) {
    if (error instanceof Stop) return undefined;
    if (!(error instanceof RangeError)) throw error;
    report.add({ line: 1, column: 1 }, "is nested too deeply to be read", "write it flatter");
    return undefined;
  }
}

/** What the library puts before some tokens to say of what kind they are. */
const MARKS: ReadonlySet<string> = new Set(["\x02", "\x18", "\x1f"]);

/** Splitting a text is linear and stops here; what parses it does neither in a time that could be promised. */
function hasTooManyTokens(text: string): boolean {
  if (text.length <= MAX_TOKENS) return false;
  let count = 0;
  for (const token of new Lexer().lex(text)) if (!MARKS.has(token) && ++count > MAX_TOKENS) return true;
  return false;
}

/** Without stacks in its errors the parser stays linear on hostile input: it makes one a character. */
function parse(text: string, lineCounter: LineCounter): ReturnType<typeof parseDocument> {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    // Its own check for repeated keys compares each with each; Reader does that with a map.
    return parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false, logLevel: "error" });
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** Ends the reading after the report has been told why. */
class Stop extends Error {}

class Reader {
  private readonly report: Report;
  private readonly place: (offset: number) => Position;
  private readonly anchors = new Map<string, Node>();
  private readonly open = new Set<Node>();
  private inAlias = 0;
  private expanded = 0;

  constructor(report: Report, place: (offset: number) => Position) {
    this.report = report;
    this.place = place;
  }

  read(node: Node | null, start: number, keyStart?: number): YamlNode {
    const at = { start: node?.range?.[0] ?? start, ...(keyStart !== undefined && { keyStart }) };
    if (this.inAlias > 0 && ++this.expanded > MAX_EXPANDED) {
      this.stop(
        at.start,
        `has anchors that stand for more than ${MAX_EXPANDED} values`,
        "write out what is meant, without anchors in anchors",
      );
    }
    if (isAlias(node)) return { ...this.resolve(node.source, at.start), ...at };
    if (node !== null && "anchor" in node && node.anchor) this.anchors.set(node.anchor, node);
    if (isMap(node)) return { ...at, ...this.map(node.items as Pair<Node, Node | null>[], node) };
    if (isSeq(node)) return { ...at, ...this.list(node.items as (Node | null)[], node, at.start) };
    if (isScalar(node))
      return { ...at, value: isUnset(node) ? undefined : node.value, ...(node.source !== undefined && { source: node.source }) };
    return { ...at, value: undefined };
  }

  private resolve(name: string, offset: number): YamlNode {
    const target = this.anchors.get(name);
    if (target === undefined) this.stop(offset, `*${name} refers to an anchor that is not above it`);
    if (this.open.has(target)) this.stop(offset, `*${name} stands inside the value it refers to`);
    this.inAlias++;
    const node = this.read(target, offset);
    this.inAlias--;
    return node;
  }

  private map(items: Pair<Node, Node | null>[], node: Node): Pick<YamlNode, "value" | "children"> {
    this.open.add(node);
    const children = new Map<string, YamlNode>();
    const merged: YamlNode[] = [];
    for (const pair of items) {
      const key = this.key(pair);
      if (key === undefined) continue;
      const keyStart = pair.key.range?.[0] ?? 0;
      if (key === "<<") {
        merged.push(this.read(pair.value, keyStart, keyStart));
        continue;
      }
      if (children.has(key)) this.report.add(this.place(keyStart), `${JSON.stringify(key)} is there twice`, "keep one of the two");
      children.set(key, this.read(pair.value, keyStart, keyStart));
    }
    this.open.delete(node);
    for (const source of merged) this.merge(source, children);
    const set = [...children].filter(([, child]) => child.value !== undefined);
    return { value: Object.fromEntries(set.map(([key, child]) => [key, child.value])), children: new Map(set) };
  }

  /** YAML's merge key (yaml.org/type/merge.html), which v1's reader knew: what a map says itself stays, earlier sources win. */
  private merge(source: YamlNode, into: Map<string, YamlNode>): void {
    const sources = Array.isArray(source.value) ? [...(source.children?.values() ?? [])] : [source];
    for (const { value, children, start } of sources) {
      if (typeof value !== "object" || Array.isArray(value)) this.report.add(this.place(start), "<< needs a map, or a list of maps");
      else for (const [key, child] of children ?? []) if (!into.has(String(key))) into.set(String(key), child);
    }
  }

  private key({ key }: Pair<Node, unknown>): string | undefined {
    const value = isScalar(key) ? (typeof key.value === "string" ? key.value : (key.source ?? String(key.value))) : undefined;
    const offset = key?.range?.[0] ?? 0;
    if (value === undefined) this.report.add(this.place(offset), "a key must be a text, not a map, a list or an alias");
    else if (value === "__proto__") this.report.add(this.place(offset), 'the key "__proto__" cannot be used', "choose another name");
    else return value;
    return undefined;
  }

  private list(items: (Node | null)[], node: Node, start: number): Pick<YamlNode, "value" | "children"> {
    this.open.add(node);
    const read = items.map((item) => this.read(item, start));
    this.open.delete(node);
    // A place in a list cannot be left out without moving the others: there `~` is null, and None a text.
    return {
      value: read.map((item) => item.value ?? (item.source === "None" ? "None" : null)),
      children: new Map(read.entries()),
    };
  }

  private stop(offset: number, message: string, remedy?: string): never {
    this.report.add(this.place(offset), message, remedy);
    throw new Stop();
  }
}

function isUnset(node: Scalar): boolean {
  return node.value === null || (node.type === Scalar.PLAIN && node.value === "None");
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
