import type { ParameterValue, PipelineGraph, PipelineParameter } from "./pipeline-graph.ts";
import { MAX_PROBLEMS, type ProblemDetail, someOf } from "./problems.ts";
import type { EffectiveParameter } from "./run-documents.ts";

/**
 * The values of a run's parameters: defaults, and over them what the submit gives. Pointers are relative to the submit's body.
 * A text is taken for a number or a truth value where the parameter's type asks for one, since v1's callers send texts.
 */
export function resolveParameters(
  graph: PipelineGraph,
  given: Record<string, ParameterValue>,
): { values: Record<string, EffectiveParameter>; problems: ProblemDetail[] } {
  const problems: ProblemDetail[] = [];
  const values: Record<string, EffectiveParameter> = {};
  for (const [name, declared] of Object.entries(graph.parameters)) values[name] = { value: declared.default, origin: "default" };
  const known = Object.keys(graph.parameters);
  for (const [name, value] of Object.entries(given)) {
    if (problems.length >= MAX_PROBLEMS) break;
    const declared = Object.hasOwn(graph.parameters, name) ? graph.parameters[name] : undefined;
    if (!declared) {
      problems.push({
        pointer: `/parameters/${name}`,
        message: `the pipeline declares no parameter ${JSON.stringify(name)}`,
        remedy: known.length > 0 ? `it declares: ${someOf(known).join(", ")}` : "it declares none",
      });
      continue;
    }
    const converted = convert(declared, value);
    if (converted === undefined)
      problems.push({
        pointer: `/parameters/${name}`,
        message: `${JSON.stringify(value)} is no ${declared.type}`,
        remedy: `parameter ${JSON.stringify(name)} is of type ${declared.type}, by default ${JSON.stringify(declared.default)}`,
      });
    else values[name] = { value: converted, origin: "submit" };
  }
  return { values, problems };
}

/** The value as the declared type, or undefined when it is none. */
function convert(declared: PipelineParameter, value: ParameterValue): ParameterValue | undefined {
  switch (declared.type) {
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
