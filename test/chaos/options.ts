import { parseArgs } from "node:util";

export const USAGE = `npm run chaos -- [--seeds N] [--seed FIRST] [--only POINT] [--minutes M] [--lanes N] [--json FILE] [--list]

Kills a workspace at each of its durable writes and looks whether anything is lost or doubled.
  --seeds N     every point once for each of so many seeds (default 1): each seed kills another way, eight of them all ways
  --seed FIRST  the first seed (default 1); a failure prints its own
  --only POINT  one point, or all whose names begin so; prints what it finds
  --minutes M   only as many as there is time for, spread over all kinds of points
  --lanes N     so many at a time (default 2)
  --json FILE   the figures
  --list        only names the points`;

export interface Options {
  seeds: number[];
  only: string | undefined;
  minutes: number | undefined;
  lanes: number;
  json: string | undefined;
  list: boolean;
}

/** @throws {Error} for an option that is wrong. @returns undefined when help was asked for. */
export function readOptions(argv: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seeds: { type: "string", default: "1" },
      seed: { type: "string", default: "1" },
      only: { type: "string" },
      minutes: { type: "string" },
      lanes: { type: "string", default: "2" },
      json: { type: "string" },
      list: { type: "boolean", default: false },
      help: { type: "boolean" },
    },
  });
  if (values.help) return undefined;
  const first = count("--seed", values.seed);
  return {
    seeds: Array.from({ length: count("--seeds", values.seeds) }, (_, i) => first + i),
    only: values.only,
    minutes: values.minutes === undefined ? undefined : count("--minutes", values.minutes),
    lanes: count("--lanes", values.lanes),
    json: values.json,
    list: values.list,
  };
}

function count(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`${option} is ${JSON.stringify(text)}: give a whole number from 1`);
  return number;
}
