import { parseArgs } from "node:util";

export const USAGE = `npm run bench -- [--only NAME]… [--json FILE] [--quick] [--list]

Measures what Penstock costs, beside what it is compared with. Exit code 1 when a limit is exceeded.
  --only NAME  only the row of that name, or the rows whose names begin so; may be given again
  --json FILE  writes the rows
  --quick      few repetitions and smaller sizes: for a look, not for a figure to quote
  --list       only names the rows`;

export interface Options {
  only: readonly string[];
  json: string | undefined;
  quick: boolean;
  list: boolean;
}

/** @throws {Error} for an option that is wrong. @returns undefined when help was asked for. */
export function readOptions(argv: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: { type: "string", multiple: true, default: [] },
      json: { type: "string" },
      quick: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean" },
    },
  });
  if (values.help) return undefined;
  return { only: values.only, json: values.json, quick: values.quick, list: values.list };
}

/** The names that `--only` stands for: one that is a row's own name means that row alone. @throws {Error} when it fits none. */
export function chosenNames(only: readonly string[], names: readonly string[]): ReadonlySet<string> {
  if (only.length === 0) return new Set(names);
  return new Set(
    only.flatMap((wanted) => {
      const fitting = names.includes(wanted) ? [wanted] : names.filter((name) => name.startsWith(wanted));
      if (fitting.length === 0) throw new Error(`--only is ${JSON.stringify(wanted)}: there are ${names.join(", ")}`);
      return fitting;
    }),
  );
}
