import { PortName } from "../../shared/domain/ids.ts";
import type { PipelineParameter } from "../../shared/domain/pipeline-parameter.ts";
import { remedyFor } from "../suggest.ts";
import { UserError } from "../user-error.ts";
import { checkShape } from "./check-shape.ts";
import { YamlParameter } from "./pipeline-schema.ts";
import type { Report } from "./report.ts";
import type { YamlTree } from "./yaml-tree.ts";

type ValueOf = { string: string; int: number; float: number; bool: boolean };
type ParameterType = keyof ValueOf;

/** Reads one pipeline parameter; undefined when it was reported. */
export function readParameter(name: string, tree: YamlTree, report: Report): PipelineParameter | undefined {
  const at = ["pipeline", "parameters", name];
  const key = PortName.safeParse(name);
  if (!key.success)
    report.add(tree.position(at, "key"), `parameter ${JSON.stringify(name)} cannot have this name: ${key.error.issues[0]?.message}`);
  if (tree.at([...at, "type"])?.value === "datapath") {
    report.add(tree.position([...at, "type"]), `parameters.${name}: type datapath is not supported yet`, "use a data reference");
    return undefined;
  }
  const parameter = checkShape(YamlParameter, tree, at, report);
  if (!parameter) return undefined;
  const text = tree.text([...at, "default"]) ?? String(parameter.default);
  const value = toValue(parameter.type, text);
  if (value === undefined) {
    report.add(tree.position([...at, "default"]), `parameters.${name}: default ${JSON.stringify(text)} is not ${WORDS[parameter.type]}`);
    return undefined;
  }
  return { type: parameter.type, default: value } as PipelineParameter;
}

/**
 * Reads `--set name=value` by the types the pipeline declares.
 * @throws {UserError} `usage` with all that is wrong.
 */
export function readParameterValues(
  assignments: readonly string[],
  declared: Readonly<Record<string, PipelineParameter>>,
): Record<string, string | number | boolean> {
  const problems: string[] = [];
  const values: Record<string, string | number | boolean> = {};
  for (const assignment of assignments) {
    const [, name = "", text = ""] = /^([^=]*)=(.*)$/s.exec(assignment) ?? [];
    const parameter = Object.hasOwn(declared, name) ? declared[name] : undefined;
    const value = parameter && isPlain(parameter) ? toValue(parameter.type, text) : undefined;
    if (!assignment.includes("=")) problems.push(`--set ${JSON.stringify(assignment)} has no "=": write name=value`);
    else if (!parameter) {
      problems.push(
        `--set ${name}: the pipeline declares no such parameter (${remedyFor(name, Object.keys(declared), "pipeline parameters")})`,
      );
    } else if (!isPlain(parameter)) problems.push(`--set ${name}: a ${parameter.type} is not given as a text`);
    else if (value === undefined) problems.push(`--set ${name}: ${JSON.stringify(text)} is not ${WORDS[parameter.type]}`);
    else values[name] = value;
  }
  if (problems.length > 0) throw new UserError("usage", "The parameters cannot be set so", { details: problems });
  return values;
}

function isPlain(parameter: PipelineParameter): parameter is PipelineParameter & { type: ParameterType } {
  return parameter.type !== "datapath" && parameter.type !== "dataset";
}

const WORDS: Readonly<Record<ParameterType, string>> = {
  string: "a text",
  int: "a whole number",
  float: "a number",
  bool: "true or false",
};

/** The value a text stands for in a type, or undefined. */
function toValue<T extends ParameterType>(type: T, text: string): ValueOf[T] | undefined;
function toValue(type: ParameterType, text: string): string | number | boolean | undefined {
  switch (type) {
    case "string":
      return text;
    case "bool":
      return /^true$/i.test(text) ? true : /^false$/i.test(text) ? false : undefined;
    case "int": {
      const value = /^[-+]?\d+$/.test(text) ? Number(text) : Number.NaN;
      return Number.isSafeInteger(value) ? value : undefined;
    }
    case "float": {
      const value = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
      return Number.isFinite(value) ? value : undefined;
    }
  }
}
