import { parseArgs } from "node:util";

export const USAGE = `npm run load -- [--only NAME] [--small] [--json FILE] [--list]

Puts more on a workspace than it is made for, and looks whether its answers stay correct and its memory within its bound.
  --only NAME   one scenario, or all whose names begin so
  --small       smaller ones, in seconds instead of minutes
  --json FILE   the figures
  --list        only names the scenarios`;

export interface Options {
  only: string | undefined;
  small: boolean;
  json: string | undefined;
  list: boolean;
}

/** @throws {Error} for an option that is wrong. @returns undefined when help was asked for. */
export function readOptions(argv: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: { type: "string" },
      small: { type: "boolean", default: false },
      json: { type: "string" },
      list: { type: "boolean", default: false },
      help: { type: "boolean" },
    },
  });
  if (values.help) return undefined;
  return { only: values.only, small: values.small, json: values.json, list: values.list };
}
