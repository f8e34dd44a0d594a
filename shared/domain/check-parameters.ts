import type { PipelineGraph } from "./pipeline-graph.ts";
import type { ParameterValue, PipelineParameter } from "./pipeline-parameter.ts";
import { type ProblemDetail, someOf } from "./problems.ts";

/** What does not go together in the parameters that a pipeline declares. Pointers are relative to the graph. */
export function checkDeclarations({ parameters }: Pick<PipelineGraph, "parameters">): ProblemDetail[] {
  return Object.entries(parameters).flatMap(([name, declared]) =>
    checkDeclaration(name, declared).map(({ pointer, ...problem }) => ({ pointer: `/parameters/${name}/${pointer}`, ...problem })),
  );
}

function checkDeclaration(name: string, declared: PipelineParameter): ProblemDetail[] {
  const problems: ProblemDetail[] = [];
  if (declared.optional && declared.default !== undefined)
    problems.push({
      pointer: "optional",
      message: `parameter ${quote(name)} is optional and has a default`,
      remedy: "leave one of them out: an optional parameter has no value unless one is given",
    });
  if ("minimum" in declared && declared.minimum !== undefined && declared.maximum !== undefined && declared.minimum > declared.maximum)
    problems.push({
      pointer: "minimum",
      message: `the minimum ${declared.minimum} of parameter ${quote(name)} is above its maximum ${declared.maximum}`,
      remedy: "exchange them",
    });
  const allowed = "allowed" in declared ? (declared.allowed ?? []) : [];
  const misfits = allowed.map((value, at) => [`allowed/${at}`, outOfRange(name, declared, value)] as const);
  const { default: given } = declared;
  const atDefault = typeof given === "object" || given === undefined ? undefined : misfit(name, declared, given);
  for (const [pointer, problem] of [...misfits, ["default", atDefault] as const]) if (problem) problems.push({ pointer, ...problem });
  return problems;
}

/** Why a value of the declared type is none that the parameter takes, or undefined. */
export function misfit(name: string, declared: PipelineParameter, value: ParameterValue): Omit<ProblemDetail, "pointer"> | undefined {
  if ("allowed" in declared && declared.allowed && !declared.allowed.some((allowed) => allowed === value))
    return {
      message: `${quote(value)} is not among the values that parameter ${quote(name)} may have`,
      remedy: `allowed: ${someOf(declared.allowed.map(quote)).join(", ")}`,
    };
  return outOfRange(name, declared, value);
}

function outOfRange(name: string, declared: PipelineParameter, value: ParameterValue): Omit<ProblemDetail, "pointer"> | undefined {
  if (!("minimum" in declared) && !("maximum" in declared)) return undefined;
  const { minimum, maximum } = declared;
  if (typeof value !== "number" || (value >= (minimum ?? value) && value <= (maximum ?? value))) return undefined;
  return { message: `${value} is out of the range of parameter ${quote(name)}`, remedy: `give ${rangeOf(minimum, maximum)}` };
}

function rangeOf(minimum: number | undefined, maximum: number | undefined): string {
  if (minimum === undefined) return `at most ${maximum}`;
  return maximum === undefined ? `at least ${minimum}` : `${minimum} to ${maximum}`;
}

function quote(value: ParameterValue): string {
  const text = JSON.stringify(value);
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}
