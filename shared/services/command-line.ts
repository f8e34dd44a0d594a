import { toText } from "../domain/parameters.ts";
import type { Argument, Step } from "../domain/pipeline-graph.ts";
import type { RunHead } from "../domain/run-documents.ts";

/** The input under which the step runtime (`clients/python`) comes along. */
export const RUNTIME_INPUT = "penstock_runtime";

/** What a step's words stand for in one run. */
export interface WordContext {
  head: Pick<RunHead, "parameters">;
  /** The inputs that there are: one from an optional parameter without a value is not among them. */
  inputs: Readonly<Record<string, unknown>>;
  /** URIs by pipeline parameter, of those that name a place and that no input of the step comes from. */
  places: Readonly<Record<string, string>>;
}

/** What a step parameter stands for: a text, or the path of an input that comes from the same place; undefined where it has no value. */
export type Meaning = { text: string } | { input: string } | undefined;

/** What the step's parameter of that name stands for: its literal, or the run's value of the pipeline parameter that it names. */
export function meaningOf(step: Step, name: string, { head, inputs, places }: WordContext): Meaning {
  const given = Object.hasOwn(step.parameters, name) ? step.parameters[name] : undefined;
  if (typeof given !== "object") return { text: toText(given ?? "") };
  const { source } = given;
  const value = Object.hasOwn(head.parameters, source) ? head.parameters[source]?.value : undefined;
  if (value === undefined) return undefined;
  if (typeof value !== "object") return { text: toText(value) };
  const bound = boundInput(step, source);
  return bound !== undefined && Object.hasOwn(inputs, bound) ? { input: bound } : { text: places[source] ?? "" };
}

/** The first input of a step that comes from a pipeline parameter's place. */
export function boundInput(step: Step, parameter: string): string | undefined {
  return Object.entries(step.inputs).find(([, { source }]) => "parameter" in source && source.parameter === parameter)?.[0];
}

/** The shell line: first the paths that only the compute knows, as v1's variables; then the step's own words. */
export function commandLine(step: Step, context: WordContext): string {
  const exports = [
    ...Object.keys(step.inputs).flatMap((name) => (Object.hasOwn(context.inputs, name) ? reference(name, inputPath(name)) : [])),
    ...Object.keys(step.outputs).map((name) => reference(name, outputPath(name))),
    ...Object.keys(step.parameters).flatMap((name) => {
      const meaning = meaningOf(step, name, context);
      return meaning && "input" in meaning ? `${parameterVariable(name)}=${inputPath(meaning.input)}` : [];
    }),
  ];
  const pythonPath = `PYTHONPATH="\${{inputs.${RUNTIME_INPUT}}}\${PYTHONPATH:+:$PYTHONPATH}"`;
  const say = (plain: (text: string) => string) => (word: Argument) =>
    typeof word === "string" ? plain(word) : standIn(word, step, context);
  const words =
    step.type === "CommandStep"
      ? present(step.command, step, context).map(say((text) => text))
      : ["python", quote(step.scriptName), ...present(step.arguments, step, context).map(say(quote))];
  return `export ${[...exports, pythonPath].join(" ")}; ${words.join(" ")}`;
}

/** The environment variable that gives a step parameter's value, as in v1. */
export function parameterVariable(name: string): string {
  return `AML_PARAMETER_${name}`;
}

/** Words without those that stand for nothing, each with the option (`--rate`, `-r`) right before it, whose value it would have been. */
function present(words: readonly Argument[], step: Step, context: WordContext): Argument[] {
  const isAbsent = (word: Argument | undefined) => word !== undefined && standsForNothing(word, step, context);
  return words.filter((word, at) => !isAbsent(word) && !(isOption(word) && isAbsent(words[at + 1])));
}

function standsForNothing(word: Argument, step: Step, context: WordContext): boolean {
  if (typeof word === "string" || "output" in word) return false;
  return "input" in word ? !Object.hasOwn(context.inputs, word.input) : meaningOf(step, word.parameter, context) === undefined;
}

/** A negative number is no option, and `--a=b` has its value already. */
function isOption(word: Argument): boolean {
  return typeof word === "string" && /^--?[A-Za-z][^=\s]*$/.test(word);
}

/** A path or a value for the shell. */
function standIn(word: Exclude<Argument, string>, step: Step, context: WordContext): string {
  if ("input" in word) return inputPath(word.input);
  if ("output" in word) return outputPath(word.output);
  const meaning = meaningOf(step, word.parameter, context);
  return meaning && "input" in meaning ? inputPath(meaning.input) : quote(meaning?.text ?? "");
}

function reference(name: string, path: string): string {
  return `AZUREML_DATAREFERENCE_${name}=${path}`;
}

function inputPath(name: string): string {
  return `"\${{inputs.${name}}}"`;
}

function outputPath(name: string): string {
  return `"\${{outputs.${name}}}"`;
}

/** One word for the shell. The service fills in `${{`, which an author's text must not trigger: it is parted by quotes, which the shell takes away. */
function quote(text: string): string {
  // Replaced by functions: in a replacement text, `$'` would mean what follows the match.
  return `'${text.replaceAll("'", () => "'\\''").replaceAll("${{", () => "$''{{")}'`;
}
