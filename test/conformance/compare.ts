/** One place where a recording and this host disagree. */
export interface Difference {
  scenario: string;
  where: string;
  recorded: unknown;
  ours: unknown;
}

const LEFT_OUT = /\[\.\.\. (\d+) characters left out of this copy \.\.\.\]/;

/**
 * Compares two values after taking out what may differ (README of the recordings, "Do not compare"): times of the
 * recording, ids, origins, stack traces, .NET's dump of an exception, the list of known functions.
 */
export class Comparer {
  readonly differences: Difference[] = [];
  private readonly ids = new Map<string, string>();

  constructor(
    private readonly scenario: string,
    /** A time within a day of this one is one of the run. */
    private readonly around: number,
  ) {}

  /** From now on `ours` is what the recording calls `recorded`. */
  pair(recorded: string, ours: string): void {
    if (recorded !== "") this.ids.set(recorded, ours);
  }

  /** A recorded value with our ids in it. */
  ours<T>(recorded: T): T {
    return mapTexts(recorded, (text) => this.replaceIds(text)) as T;
  }

  /** Our id for a recorded one. */
  idOf(recorded: string): string {
    return this.replaceIds(recorded);
  }

  same(where: string, recorded: unknown, ours: unknown): void {
    const [a, b] = [this.normal(this.ours(recorded)), this.normal(ours)];
    if (!equal(a, b)) this.differences.push({ scenario: this.scenario, where, recorded: a, ours: b });
  }

  /** The same elements, in any order. */
  sameInAnyOrder(where: string, recorded: readonly unknown[], ours: readonly unknown[]): void {
    const rest = ours.map((one) => this.normal(one));
    const missing = recorded
      .map((one) => this.normal(this.ours(one)))
      .filter((one) => {
        const at = rest.findIndex((other) => equal(one, other));
        if (at >= 0) rest.splice(at, 1);
        return at < 0;
      });
    if (missing.length > 0 || rest.length > 0) this.differences.push({ scenario: this.scenario, where, recorded: missing, ours: rest });
  }

  private replaceIds(text: string): string {
    let replaced = text;
    for (const [recorded, ours] of this.ids) if (replaced.includes(recorded)) replaced = replaced.replaceAll(recorded, ours);
    return replaced;
  }

  private normal(value: unknown): unknown {
    return mapTexts(value, (text) =>
      text
        .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)/g, (time) =>
          Math.abs(Date.parse(time) - this.around) < 86_400_000 ? "<time>" : time,
        )
        .replace(/\b[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\b/g, "<guid>")
        .replace(/https?:\/\/(127\.0\.0\.1|localhost):\d+/g, "<origin>")
        .replace(/(The following are the known \w+ functions: ).*/s, "$1…")
        .replace(/ \n \{[\s\S]*/, " \n {…")
        .replace(/(StackTrace(\\*)"?:) ?[\s\S]*/, "$1…")
        .replace(/(Stack:)[\s\S]*/, "$1…"),
    );
  }
}

function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === "string") return map(value);
  if (Array.isArray(value)) return value.map((one) => mapTexts(one, map));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, mapTexts(one, map)]));
  return value;
}

function equal(recorded: unknown, ours: unknown): boolean {
  if (typeof recorded === "string" && typeof ours === "string") return recorded === ours || isShortened(recorded, ours);
  if (typeof recorded !== "object" || typeof ours !== "object" || recorded === null || ours === null) return recorded === ours;
  const [a, b] = [Object.entries(recorded), Object.entries(ours)];
  return (
    a.length === b.length &&
    Array.isArray(recorded) === Array.isArray(ours) &&
    a.every(([key, one]) => key in ours && equal(one, (ours as Record<string, unknown>)[key]))
  );
}

/** A long text stands shortened in the recording, with the count of what was left out. */
function isShortened(recorded: string, ours: string): boolean {
  const cut = LEFT_OUT.exec(recorded);
  if (!cut) return false;
  const [head, tail] = [recorded.slice(0, cut.index), recorded.slice(cut.index + cut[0].length)];
  return ours.startsWith(head) && ours.endsWith(tail) && ours.length === head.length + Number(cut[1]) + tail.length;
}
