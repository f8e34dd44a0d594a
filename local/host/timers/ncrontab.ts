/** One field of an expression: its allowed values in ascending order. */
export interface NcrontabField {
  readonly values: readonly number[];
  /** All values of the field's range. */
  readonly every: boolean;
}

/** A parsed expression; both day fields have to fit, unlike in Unix cron. */
export interface Ncrontab {
  readonly second: NcrontabField;
  readonly minute: NcrontabField;
  readonly hour: NcrontabField;
  readonly day: NcrontabField;
  readonly month: NcrontabField;
  /** 0 is Sunday. */
  readonly dayOfWeek: NcrontabField;
}

/** An expression that NCrontab would refuse, too. */
export class NcrontabError extends Error {
  override name = "NcrontabError";
}

interface FieldKind {
  readonly key: keyof Ncrontab;
  readonly label: string;
  readonly min: number;
  readonly max: number;
  /** By value from `min` on; any beginning of a name will do, and the first name wins. */
  readonly names?: readonly string[];
}

const KINDS: readonly FieldKind[] = [
  { key: "second", label: "second", min: 0, max: 59 },
  { key: "minute", label: "minute", min: 0, max: 59 },
  { key: "hour", label: "hour", min: 0, max: 23 },
  { key: "day", label: "day of the month", min: 1, max: 31 },
  {
    key: "month",
    label: "month",
    min: 1,
    max: 12,
    names: ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"],
  },
  {
    key: "dayOfWeek",
    label: "day of the week",
    min: 0,
    max: 6,
    names: ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"],
  },
];

/**
 * Parses an NCRONTAB expression of six fields (second first) or five (minute first, second 0), accepting exactly what
 * NCrontab accepts: a range turned round is swapped, a step of 0 counts as 1, names may be shortened to one letter.
 * @throws {NcrontabError} naming the field, the value and what is allowed.
 */
export function parseNcrontab(expression: string): Ncrontab {
  const texts = expression.split(" ").filter((text) => text !== "");
  if (texts.length !== 5 && texts.length !== 6) {
    throw new NcrontabError(
      `The schedule "${expression}" has ${texts.length} fields; it needs six (second minute hour day month day-of-week), or five without the second.`,
    );
  }
  const six = texts.length === 6 ? texts : ["0", ...texts];
  const fields = KINDS.map((kind, i) => [kind.key, parseField(six[i] ?? "", kind, expression)]);
  return Object.fromEntries(fields) as unknown as Ncrontab;
}

/** The same schedule with every field as a list of values and ranges, as NCrontab itself writes it. */
export function formatNcrontab(schedule: Ncrontab): string {
  return KINDS.map(({ key }) => formatField(schedule[key])).join(" ");
}

function parseField(text: string, kind: FieldKind, expression: string): NcrontabField {
  const values = new Set<number>();
  for (const item of text.split(",")) {
    const { from, to, step } = parseItem(item, kind, expression);
    for (let value = from; value <= to; value += step) values.add(value);
  }
  const sorted = [...values].sort((a, b) => a - b);
  return { values: sorted, every: sorted.length === kind.max - kind.min + 1 };
}

function parseItem(item: string, kind: FieldKind, expression: string): { from: number; to: number; step: number } {
  const refuse = () => new NcrontabError(`"${item}" of the schedule "${expression}" is no value, range or step for the ${kind.label}.`);
  const [, base, from, to, step] = /^(?:(\*)|([a-z0-9]+)(?:-([a-z0-9]+))?)(?:\/([0-9]+))?$/i.exec(item) ?? [];
  const every = step === undefined ? 1 : Math.max(1, Number(step));
  if (base) return { from: kind.min, to: kind.max, step: every };
  if (from === undefined) throw refuse();
  const first = readValue(from, kind, expression, refuse);
  const last = to === undefined ? (step === undefined ? first : kind.max) : readValue(to, kind, expression, refuse);
  return { from: Math.min(first, last), to: Math.max(first, last), step: every };
}

function readValue(text: string, kind: FieldKind, expression: string, refuse: () => NcrontabError): number {
  if (!/^[0-9]+$/.test(text)) {
    const at = kind.names?.findIndex((name) => name.startsWith(text.toLowerCase())) ?? -1;
    if (at < 0) throw refuse();
    return at + kind.min;
  }
  const value = Number(text);
  if (value < kind.min || value > kind.max) {
    const hint = kind.key === "dayOfWeek" && value === 7 ? "; Sunday is 0" : "";
    throw new NcrontabError(
      `${value} of the schedule "${expression}" is no ${kind.label}: it runs from ${kind.min} to ${kind.max}${hint}.`,
    );
  }
  return value;
}

function formatField({ values, every }: NcrontabField): string {
  if (every) return "*";
  const ranges: [number, number][] = [];
  for (const value of values) {
    const last = ranges.at(-1);
    if (last && last[1] === value - 1) last[1] = value;
    else ranges.push([value, value]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
}
