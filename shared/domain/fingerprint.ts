import { z } from "zod";
import { toText } from "./parameters.ts";
import type { Argument, Step } from "./pipeline-graph.ts";
import type { ParameterValue } from "./pipeline-parameter.ts";
import { sortedJson } from "./sorted-json.ts";

/**
 * What a step's results depend on, part by part. Two steps with equal parts would do the same, so one may stand for the other; a difference is
 * told by the part's name. Values are texts as people read them; a long one is its digest. Neither the step's key and name nor its compute's name
 * are among them.
 */
export const FingerprintParts = z.record(z.string(), z.string());
export type FingerprintParts = z.infer<typeof FingerprintParts>;

/** sha256 over the parts' canonical JSON, 64 hexadecimal digits, with the parts beside it. */
export const Fingerprint = z.strictObject({ hash: z.string().regex(/^[0-9a-f]{64}$/), parts: FingerprintParts });
export type Fingerprint = z.infer<typeof Fingerprint>;

/** A part in which two fingerprints differ; absent on the side that lacks it. */
export const FingerprintChange = z.strictObject({ part: z.string(), before: z.string().optional(), after: z.string().optional() });
export type FingerprintChange = z.infer<typeof FingerprintChange>;

/** What has to be looked up for a step's parts. */
export interface FingerprintFacts {
  /** Values of the step's parameters by name; those without a value are absent. */
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  /** Identity of the data behind each input by name. */
  readonly inputs: Readonly<Record<string, string>>;
  /** The environment that counts: the step's own, or the workspace's default. */
  readonly environment: {
    readonly image: string;
    readonly condaFile?: string | undefined;
    readonly variables: Readonly<Record<string, string>>;
  };
  /** sha256 of a text, in hexadecimal digits. */
  readonly digest: (text: string) => string;
}

/** A value longer than this is kept as its digest, in characters. */
const SHOWN_CHARACTERS = 256;
/** So many words of a command or argument list are told one by one. */
const SHOWN_WORDS = 50;

/** The fingerprint of a step (design: snapshots and reuse). */
export function fingerprintOf(step: Step, facts: FingerprintFacts): Fingerprint {
  const all: Record<string, string> = {
    type: step.type,
    ...(step.type === "PythonScriptStep" && { script: step.scriptName }),
    snapshot: step.snapshotId ?? "none",
    ...words(step.type === "CommandStep" ? step.command : step.arguments, step.type === "CommandStep" ? "command" : "argument", facts),
    image: facts.environment.image,
    ...(facts.environment.condaFile !== undefined && { "conda file": facts.environment.condaFile }),
    ...named("variable", { ...facts.environment.variables, ...step.environmentVariables }),
    ...named("parameter", mapValues(facts.parameters, toText)),
    ...named(
      "input",
      mapValues(step.inputs, ({ mode }, name) => `${facts.inputs[name] ?? "none"}, by ${mode}`),
    ),
    ...named(
      "output",
      mapValues(step.outputs, ({ datastore, path, mode }) => sortedJson({ datastore, path, mode })),
    ),
    ...(step.version !== undefined && { version: step.version }),
  };
  const parts = mapValues(all, (text) =>
    text.length <= SHOWN_CHARACTERS ? text : `sha256:${facts.digest(text)} (${text.length} characters)`,
  );
  return { hash: facts.digest(sortedJson(parts)), parts };
}

/** What differs between an earlier fingerprint and a later one, in order of part. */
export function changesBetween(before: FingerprintParts, after: FingerprintParts): FingerprintChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((part) => {
    const [old, now] = [before[part], after[part]];
    return old === now ? [] : [{ part, ...(old !== undefined && { before: old }), ...(now !== undefined && { after: now }) }];
  });
}

function words(list: readonly Argument[], name: string, { parameters }: FingerprintFacts): Record<string, string> {
  const texts = list.map((word) => wordText(word, parameters));
  if (texts.length > SHOWN_WORDS) return { [`${name}s`]: JSON.stringify(texts) };
  return Object.fromEntries(texts.map((text, index) => [`${name} ${index + 1}`, text]));
}

/** A word that stands for a path is told by the port's name: where it is mounted says nothing of what is there. */
function wordText(word: Argument, parameters: FingerprintFacts["parameters"]): string {
  if (typeof word === "string") return JSON.stringify(word);
  if ("input" in word) return `input ${word.input}`;
  if ("output" in word) return `output ${word.output}`;
  const value = parameters[word.parameter];
  return value === undefined ? `parameter ${word.parameter}, not given` : `parameter ${word.parameter} = ${JSON.stringify(toText(value))}`;
}

function named(what: string, values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, text]) => [`${what} ${name}`, text]));
}

function mapValues<V, W>(values: Readonly<Record<string, V>>, map: (value: V, name: string) => W): Record<string, W> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value, name)]));
}
