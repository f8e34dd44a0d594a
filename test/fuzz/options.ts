import { parseArgs } from "node:util";

/** What the edges of the schemas and a pass over all operations come to, whatever is asked for. */
const LEAST = 2600;

export const USAGE = `npm run fuzz -- [--requests N] [--seed S] [--json FILE]

Starts a workspace of its own and sends it requests that fit its OpenAPI document, that nearly fit, and that fit nothing.
  --requests N  about so many (default 3000; ${LEAST} are the least, most of which try the edges of the schemas)
  --seed S      what the requests are made from (default: another one each time, which is printed)
  --json FILE   the figures`;

export interface Options {
  requests: number;
  /** As the caller gave it; less than `requests` when that is fewer than there can be. */
  asked: number;
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
  const asked = count("--requests", values.requests);
  return { requests: Math.max(LEAST, asked), asked, seed: count("--seed", values.seed), json: values.json };
}

function count(option: string, text: string): number {
  if (!/^\d{1,9}$|^[12]\d{9}$/.test(text)) throw new Error(`${option} is ${JSON.stringify(text)}: give a whole number`);
  return Number(text);
}

/** The first line of the output. */
export function opening({ requests, asked, seed }: Options): string {
  const more =
    asked < requests ? ` (${asked} were asked for; the edges of the schemas and one pass over all operations take about ${LEAST})` : "";
  return `Seed ${seed}: about ${requests} requests${more} …`;
}
