import { parseArgs } from "node:util";

export const USAGE = `npm run fuzz -- [--requests N] [--seed S] [--json FILE]

Starts a workspace of its own and sends it requests that fit its OpenAPI document, that nearly fit, and that fit nothing.
  --requests N  about so many (default 3000; 1000 are the least)
  --seed S      what the requests are made from (default: another one each time, which is printed)
  --json FILE   the figures`;

const LEAST = 1000;

export interface Options {
  requests: number;
  seed: number;
  json: string | undefined;
}

/** @throws {Error} for an option that is wrong. @returns undefined when help was asked for. */
export function readOptions(argv: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      requests: { type: "string", default: "3000" },
      seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
      json: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return undefined;
  return { requests: Math.max(LEAST, count("--requests", values.requests)), seed: count("--seed", values.seed), json: values.json };
}

function count(option: string, text: string): number {
  if (!/^\d{1,9}$|^[12]\d{9}$/.test(text)) throw new Error(`${option} is ${JSON.stringify(text)}: give a whole number`);
  return Number(text);
}
