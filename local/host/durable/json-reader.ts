/**
 * JSON as Newtonsoft reads it, which is what the extension parses bodies and results with. It takes more than JSON (single
 * quotes, names without quotes, comments, undefined, NaN), and its error texts name a path and a position; both are
 * visible to callers, so both are reproduced.
 */
export class JsonReader {
  private at = 0;
  private line = 1;
  private lineStart = 0;
  private readonly path: (string | number)[] = [];
  private started = false;

  constructor(private readonly text: string) {}

  /** Reads one value and nothing behind it; gives it as JSON, apart from `undefined` and the like, which stay. @throws {JsonTextError} */
  static normalize(text: string): string {
    const reader = new JsonReader(text);
    const value = reader.value();
    reader.skip();
    if (reader.at < text.length) throw reader.error(`Additional text encountered after finished reading JSON content: ${reader.here}.`);
    return value;
  }

  private get here(): string {
    return this.text[this.at] ?? "";
  }

  /** Blanks and comments. */
  private skip(): void {
    for (;;) {
      const c = this.here;
      if (c === "\n" || (c === "\r" && this.text[this.at + 1] !== "\n")) {
        this.at++;
        this.line++;
        this.lineStart = this.at;
      } else if (c !== "" && /\s/.test(c)) this.at++;
      else if (c === "/") this.comment();
      else return;
    }
  }

  private comment(): void {
    const end = this.text.startsWith("/*", this.at) ? this.text.indexOf("*/", this.at + 2) : -1;
    if (this.text.startsWith("//", this.at)) {
      const newline = this.text.indexOf("\n", this.at);
      this.at = newline < 0 ? this.text.length : newline;
    } else if (end >= 0) this.at = end + 2;
    else throw this.error("Unexpected end while parsing comment.");
  }

  private value(): string {
    this.skip();
    const c = this.here;
    if (c === "")
      throw this.started
        ? this.error("Unexpected end of content while loading JSON.")
        : this.error("Error reading JToken from JsonReader.");
    if (c === "{") return this.object();
    if (c === "[") return this.array();
    if (c === '"' || c === "'") return JSON.stringify(this.string(c));
    if (/[-\d.]/.test(c) && !this.text.startsWith("-Infinity", this.at)) return this.number();
    return this.word();
  }

  private object(): string {
    this.started = true;
    this.at++;
    const members: string[] = [];
    for (;;) {
      this.skip();
      if (this.here === "}") {
        this.at++;
        return `{${members.join(",")}}`;
      }
      const name = this.name();
      this.skip();
      if (this.here !== ":") {
        if (this.here === "") throw this.error("Unexpected end when reading JSON.");
        throw this.error(`Invalid character after parsing property name. Expected ':' but got: ${this.here}.`);
      }
      this.at++;
      this.path.push(name);
      members.push(`${JSON.stringify(name)}:${this.value()}`);
      this.separator("}", "JObject");
      this.path.pop();
    }
  }

  private array(): string {
    this.started = true;
    this.at++;
    const items: string[] = [];
    for (;;) {
      this.skip();
      if (this.here === "]") {
        this.at++;
        return `[${items.join(",")}]`;
      }
      this.path.push(items.length);
      items.push(this.value());
      this.separator("]", "JArray");
      this.path.pop();
    }
  }

  private separator(end: string, container: string): void {
    this.skip();
    if (this.here === ",") this.at++;
    else if (this.here === "") throw this.error(`Unexpected end of content while loading ${container}.`);
    else if (this.here !== end) throw this.error(`After parsing a value an unexpected character was encountered: ${this.here}.`);
  }

  private name(): string {
    const c = this.here;
    if (c === '"' || c === "'") return this.string(c);
    if (c === "") throw this.error("Unexpected end when reading JSON.");
    if (!/[\w$]/.test(c)) throw this.error(`Invalid property identifier character: ${c}.`);
    const from = this.at;
    while (/[\w$]/.test(this.here)) this.at++;
    if (this.here === "") throw this.error("Unexpected end while parsing unquoted property name.");
    if (!/[\s:]/.test(this.here)) throw this.error(`Invalid JavaScript property identifier character: ${this.here}.`);
    return this.text.slice(from, this.at);
  }

  private string(quote: string): string {
    this.started = true;
    const from = ++this.at;
    for (; ; this.at++) {
      const c = this.here;
      if (c === "") throw this.error(`Unterminated string. Expected delimiter: ${quote}.`);
      if (c === "\\") this.at++;
      else if (c === quote) break;
    }
    const raw = this.text.slice(from, this.at++);
    return unescaped(raw);
  }

  private number(): string {
    const [token = ""] = /^[-+.\dA-Za-z]+/.exec(this.text.slice(this.at)) ?? [];
    this.at += token.length;
    const value = Number(token);
    if (token === "" || Number.isNaN(value)) throw this.error(`Input string '${token}' is not a valid number.`);
    this.started = true;
    return /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(token) ? token : String(value);
  }

  private word(): string {
    const word = ["true", "false", "null", "undefined", "NaN", "Infinity", "-Infinity"].find((w) => this.text.startsWith(w, this.at));
    if (word === undefined) {
      const kind = { t: "boolean", f: "boolean", u: "undefined" }[this.here];
      if (kind) throw this.error(`Error parsing ${kind} value.`);
      throw this.error(`Unexpected character encountered while parsing value: ${this.here}.`);
    }
    this.at += word.length;
    this.started = true;
    return word;
  }

  private error(message: string): JsonTextError {
    const column = this.at - this.lineStart;
    // Before anything was read, Newtonsoft has no line yet.
    const line = !this.started && column === 0 ? 0 : this.line;
    const path = this.path.map((part, i) => (typeof part === "number" ? `[${part}]` : `${i > 0 ? "." : ""}${part}`)).join("");
    return new JsonTextError(`${message} Path '${path}', line ${line}, position ${column}.`);
  }
}

/** A text that is no JSON, even by Newtonsoft's generous measure. */
export class JsonTextError extends Error {}

function unescaped(raw: string): string {
  return raw.replace(/\\(u[\da-fA-F]{4}|[\s\S])/g, (_, code: string) => {
    if (code.length === 5) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" }[code] ?? code;
  });
}

/** The text as it may stand inside of JSON: as it is where it can be read, as a string where not [R terminate-during-activity, terminate-refused]. */
export function asJson(text: string | null): string {
  if (text === null || text === "") return text === null ? "null" : '""';
  try {
    JSON.parse(text);
    return text;
  } catch {}
  try {
    return JsonReader.normalize(text);
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
    return JSON.stringify(text);
  }
}
