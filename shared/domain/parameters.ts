import { misfit } from "./check-parameters.ts";
import type { PipelineGraph } from "./pipeline-graph.ts";
import { type GivenValue, type ParameterValue, PipelineParameter } from "./pipeline-parameter.ts";
import { MAX_PROBLEMS, type ProblemDetail, someOf } from "./problems.ts";
import type { EffectiveParameter } from "./run-documents.ts";

/** Values that somebody gives to a run's parameters. What comes later goes over what came before. */
export interface Assignment {
  readonly origin: Exclude<EffectiveParameter["origin"], "default">;
  readonly values: Readonly<Record<string, GivenValue>>;
}

/** A parameter's value before the datasets it may name were looked up. */
export interface AssignedParameter {
  readonly value: GivenValue;
  readonly origin: EffectiveParameter["origin"];
}

/**
 * The values of a run's parameters: defaults, and over them what was given. An optional one that was given nothing is not among them.
 * Pointers are relative to a submit's body. A text is taken for a number or a truth value where the parameter's type asks for one, since v1's
 * callers send texts.
 */
export function resolveParameters(
  { parameters }: Pick<PipelineGraph, "parameters">,
  assignments: readonly Assignment[],
): { values: Record<string, AssignedParameter>; problems: ProblemDetail[] } {
  const problems: ProblemDetail[] = [];
  const values: Record<string, AssignedParameter> = {};
  for (const [name, declared] of Object.entries(parameters))
    if (declared.default !== undefined) values[name] = { value: declared.default, origin: "default" };
  for (const { origin, values: given } of assignments)
    for (const [name, value] of Object.entries(given)) {
      if (problems.length >= MAX_PROBLEMS) break;
      const declared = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
      const read = declared ? readValue(name, declared, value) : undeclared(name, Object.keys(parameters));
      if ("problem" in read) problems.push({ pointer: `/parameters/${name}`, ...read.problem });
      // One that was refused has no other value either: it is told of once.
      values[name] = { value: "problem" in read ? value : read.value, origin };
    }
  for (const [name, declared] of Object.entries(parameters))
    if (!declared.optional && !Object.hasOwn(values, name) && problems.length < MAX_PROBLEMS) problems.push(missing(name, declared));
  return { values, problems };
}

/**
 * The parameters with other defaults: what was given to a draft is what its published pipeline begins from. An optional one that was given a value
 * has a default then.
 */
export function withDefaults(
  parameters: PipelineGraph["parameters"],
  values: Readonly<Record<string, GivenValue>>,
): { parameters: PipelineGraph["parameters"]; problems: ProblemDetail[] } {
  const problems: ProblemDetail[] = [];
  const changed = Object.entries(values).flatMap(([name, value]) => {
    const declared = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    const read = declared ? readValue(name, declared, value) : undeclared(name, Object.keys(parameters));
    if ("problem" in read) problems.push({ pointer: `/parameters/${name}`, ...read.problem });
    if ("problem" in read || !declared) return [];
    const { optional: _optional, ...rest } = declared;
    return [[name, PipelineParameter.parse({ ...rest, default: read.value })] as const];
  });
  return { parameters: { ...parameters, ...Object.fromEntries(changed) }, problems: problems.slice(0, MAX_PROBLEMS) };
}

type Read = { value: GivenValue } | { problem: Omit<ProblemDetail, "pointer"> };

function readValue(name: string, declared: PipelineParameter, given: GivenValue): Read {
  const value = convert(declared, given);
  if (value === undefined)
    return {
      problem: {
        message: `${shown(given)} is no ${declared.type}`,
        remedy: `parameter ${JSON.stringify(name)} is of type ${declared.type}, ${declared.default === undefined ? `such as ${EXAMPLES[declared.type]}` : `by default ${shown(declared.default)}`}`,
      },
    };
  const problem = typeof value === "object" ? undefined : misfit(name, declared, value);
  return problem ? { problem } : { value };
}

const EXAMPLES: Readonly<Record<PipelineParameter["type"], string>> = {
  string: '"text"',
  int: "10",
  float: "0.5",
  bool: "true",
  datapath: '{"datastore":"workspaceblobstore","path":"folder/file"}',
  dataset: '{"name":"…","version":1}, {"id":"…"} or {"datastore":"…","path":"…"}',
};

function undeclared(name: string, known: string[]): Read {
  return {
    problem: {
      message: `the pipeline declares no parameter ${JSON.stringify(name)}`,
      remedy: known.length > 0 ? `it declares: ${someOf(known).join(", ")}` : "it declares none",
    },
  };
}

function missing(name: string, declared: PipelineParameter): ProblemDetail {
  return {
    pointer: "/parameters",
    message: `parameter ${JSON.stringify(name)} has no default, and no value was given`,
    remedy: `give ${JSON.stringify(name)} a value of type ${declared.type}, such as ${"allowed" in declared && declared.allowed ? shown(declared.allowed[0] ?? "") : EXAMPLES[declared.type]}`,
  };
}

function shown(value: GivenValue): string {
  const text = JSON.stringify(value);
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}

/** The value as the declared type, or undefined when it is none. */
function convert(declared: PipelineParameter, value: GivenValue): GivenValue | undefined {
  switch (declared.type) {
    case "datapath":
      return typeof value === "object" && "datastore" in value ? value : undefined;
    case "dataset":
      return typeof value === "object" ? value : undefined;
    default:
      return typeof value === "object" ? undefined : convertPlain(declared.type, value);
  }
}

function convertPlain(type: "string" | "int" | "float" | "bool", value: ParameterValue): ParameterValue | undefined {
  switch (type) {
    case "string":
      return typeof value === "string" ? value : String(value);
    case "int":
      return asNumber(value, Number.isSafeInteger);
    case "float":
      return asNumber(value, Number.isFinite);
    case "bool":
      if (typeof value === "boolean") return value;
      return typeof value === "string" && /^(true|false)$/i.test(value) ? value.toLowerCase() === "true" : undefined;
  }
}

function asNumber(value: ParameterValue, isOne: (value: number) => boolean): number | undefined {
  const number =
    typeof value === "number"
      ? value
      : typeof value === "string" && /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(value.trim())
        ? Number(value)
        : Number.NaN;
  return isOne(number) ? number : undefined;
}

/** A value as a script's argument shows it: as Python's `str` would write it, since v1's scripts were written against that. */
export function toText(value: ParameterValue): string {
  return typeof value === "boolean" ? (value ? "True" : "False") : String(value);
}
