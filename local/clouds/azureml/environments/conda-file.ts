import { parse } from "yaml";

/** What a conda file asks for, sorted by who can give it. */
export interface CondaFile {
  /** What is said of Python, such as `python=3.9`. */
  pythonAsked: string | undefined;
  /** The version in it, as far as it names one: `3`, `3.9` or `3.9.18`. */
  python: string | undefined;
  /** Lines for pip's requirements file, in the author's order. */
  pip: string[];
  /** Packages that only conda installs, as they are written. */
  condaOnly: string[];
  channels: string[];
}

const NOTHING: CondaFile = { pythonAsked: undefined, python: undefined, pip: [], condaOnly: [], channels: [] };

/** @throws {Error} that says what is wrong with the file. */
export function parseCondaFile(text: string | undefined): CondaFile {
  if (!text?.trim()) return NOTHING;
  const file: unknown = parse(text, { maxAliasCount: 50 });
  if (file === null) return NOTHING;
  if (typeof file !== "object" || Array.isArray(file)) throw new Error("the conda file must be a mapping with 'dependencies'");
  const { dependencies = [], channels = [] } = file as { dependencies?: unknown; channels?: unknown };
  if (!Array.isArray(dependencies)) throw new Error("'dependencies' must be a list");
  if (!Array.isArray(channels)) throw new Error("'channels' must be a list");
  const packages = dependencies.filter((one): one is string => typeof one === "string").map((one) => one.trim());
  const isPython = (one: string) => /^python\s*(?:[=<>!~ ]|$)/.test(one);
  const pythonAsked = packages.find(isPython);
  return {
    pythonAsked,
    python: pythonAsked?.match(/^python\s*={1,2}\s*(\d+(?:\.\d+){0,2})/)?.[1],
    pip: dependencies.flatMap(pipList),
    condaOnly: packages.filter((one) => !isPython(one) && !/^pip\s*(?:[=<>!~ ]|$)/.test(one)),
    channels: channels.map(String),
  };
}

/**
 * Whether a Python version is within the bounds that a conda file sets, such as `python>=3.9,<3.13`. False for what is no such bound:
 * a plain version is looked for, not compared.
 */
export function isWithin(asked: string, version: string): boolean {
  const clauses = asked.replace(/^python/, "").split(",");
  return clauses.every((clause) => {
    const [, operator, bound] = /^\s*(>=|<=|>|<)\s*(\d+(?:\.\d+){0,2})\s*$/.exec(clause) ?? [];
    if (operator === undefined || bound === undefined) return false;
    const order = compare(version, bound);
    return operator === ">=" ? order >= 0 : operator === "<=" ? order <= 0 : operator === ">" ? order > 0 : order < 0;
  });
}

/** By conda's rule a part that is missing is 0. */
function compare(one: string, other: string): number {
  const [a, b] = [one, other].map((version) => version.split(".").map(Number));
  for (let part = 0; part < 3; part++) {
    const difference = (a?.[part] ?? 0) - (b?.[part] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function pipList(dependency: unknown): string[] {
  if (typeof dependency === "string") return [];
  const pip = (dependency as { pip?: unknown } | null)?.pip;
  if (!Array.isArray(pip) || !pip.every((line) => typeof line === "string")) {
    throw new Error("each of 'dependencies' must be a package or 'pip:' with a list of requirements");
  }
  return pip.map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
}
