import { RouteTemplateError } from "./route-template-error.ts";

/** Says whether a parameter's text, as it stands in the path, is of the wanted kind. */
export interface Constraint {
  /** As written, for messages. */
  readonly text: string;
  matches(value: string): boolean;
}

const INT32 = 2n ** 31n;
const INT64 = 2n ** 63n;
const GUID =
  /^(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}|\([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\))$/i;
const DECIMAL = /^[+-]?(?:\d{1,3}(?:,?\d{3})*|\d*)(?:\.\d*)?$/;
const FLOAT = /^[+-]?(?:\d[\d,]*\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

const PLAIN: Record<string, (value: string) => boolean> = {
  int: (v) => isWhole(v, INT32),
  long: (v) => isWhole(v, INT64),
  bool: (v) => /^(?:true|false)$/i.test(v),
  guid: (v) => GUID.test(v),
  alpha: (v) => /^[a-z]*$/i.test(v),
  decimal: (v) => /\d/.test(v) && DECIMAL.test(v),
  double: (v) => FLOAT.test(v),
  float: (v) => FLOAT.test(v),
  datetime: (v) => /\d/.test(v) && !Number.isNaN(Date.parse(v)),
  required: (v) => v !== "",
};

const WITH_NUMBERS: Record<string, { numbers: readonly number[]; make: (a: number, b: number) => (value: string) => boolean }> = {
  length: { numbers: [1, 2], make: (a, b) => (v) => v.length >= a && v.length <= (Number.isNaN(b) ? a : b) },
  minlength: { numbers: [1], make: (a) => (v) => v.length >= a },
  maxlength: { numbers: [1], make: (a) => (v) => v.length <= a },
  min: { numbers: [1], make: (a) => (v) => isWhole(v, INT64) && Number(v) >= a },
  max: { numbers: [1], make: (a) => (v) => isWhole(v, INT64) && Number(v) <= a },
  range: { numbers: [2], make: (a, b) => (v) => isWhole(v, INT64) && Number(v) >= a && Number(v) <= b },
};

/**
 * Parses one constraint of a parameter, as `int` or `range(1,10)`: those of ASP.NET's routing.
 * @throws {RouteTemplateError} for an unknown one or wrong arguments.
 */
export function parseConstraint(text: string, template: string): Constraint {
  const [, name = "", argument] = /^([a-z]+)(?:\(([\s\S]*)\))?$/i.exec(text) ?? [];
  const key = name.toLowerCase();
  if (key === "regex" && argument !== undefined) return { text, matches: regexMatcher(argument, template) };
  const plain = Object.hasOwn(PLAIN, key) && argument === undefined ? PLAIN[key] : undefined;
  const matches = plain ?? numericMatcher(key, argument);
  if (!matches) throw new RouteTemplateError(`Route "${template}" has an unknown constraint ":${text}".`);
  return { text, matches };
}

function numericMatcher(key: string, argument: string | undefined): ((value: string) => boolean) | undefined {
  const kind = Object.hasOwn(WITH_NUMBERS, key) ? WITH_NUMBERS[key] : undefined;
  const numbers = (argument ?? "").split(",").map((n) => (n.trim() === "" ? Number.NaN : Number(n)));
  if (!kind?.numbers.includes(numbers.length) || numbers.some(Number.isNaN)) return undefined;
  return kind.make(numbers[0] ?? Number.NaN, numbers[1] ?? Number.NaN);
}

/** The pattern is the app's own, not a caller's. Braces are doubled in a template. */
function regexMatcher(argument: string, template: string): (value: string) => boolean {
  try {
    const pattern = new RegExp(argument.replaceAll("{{", "{").replaceAll("}}", "}"), "i");
    return (value) => pattern.test(value);
  } catch (cause) {
    throw new RouteTemplateError(`Route "${template}" has a regular expression that does not compile: ${argument}`, { cause });
  }
}

function isWhole(value: string, limit: bigint): boolean {
  if (!/^\s*[+-]?\d{1,19}\s*$/.test(value)) return false;
  const number = BigInt(value.trim().replace(/^\+/, ""));
  return number >= -limit && number < limit;
}
