import { checkDeclarations } from "./check-parameters.ts";
import { Dag } from "./dag.ts";
import type { Argument, PipelineGraph, Step } from "./pipeline-graph.ts";
import { isPlace } from "./pipeline-parameter.ts";
import { MAX_PROBLEMS, type ProblemDetail, someOf } from "./problems.ts";

/** Names that the runtime keeps for itself among a step's inputs. */
export const RESERVED_PORT_PREFIX = "penstock_";

/**
 * Finds what is wrong with a graph and can be seen in the graph itself, {@link MAX_PROBLEMS} things at the most. Pointers are relative to the graph.
 * @returns the order of its steps, or the problems, never both.
 */
export function checkGraph(graph: PipelineGraph): { dag: Dag } | { problems: ProblemDetail[] } {
  const problems = checkDeclarations(graph).slice(0, MAX_PROBLEMS);
  const indexOf = indexSteps(graph, problems);
  const dependsOn = graph.steps.map((step, index) => {
    checkWords(step, index, problems);
    checkParameters(step, index, graph, problems);
    checkRunAfter(step, index, indexOf, problems);
    checkInputs(step, index, graph, indexOf, problems);
    return dependencies(step, indexOf);
  });
  graph.targets?.forEach((key, at) => {
    if (!indexOf.has(key)) report(problems, () => unknown(`/targets/${at}`, "step", key, [...indexOf.keys()]));
  });
  const dag = Dag.of(dependsOn);
  if (!("cycles" in dag)) return problems.length > 0 ? { problems } : { dag };
  for (const cycle of dag.cycles) {
    const keys = cycle.map((index) => graph.steps[index]?.key ?? "?");
    report(problems, () => ({ pointer: `/steps/${cycle[0]}`, ...describeCycle(keys) }));
  }
  return { problems };
}

/** What is said of a cycle, by its steps' keys in the order of work. */
export function describeCycle(keys: string[]): { message: string; remedy: string } {
  return { message: `steps wait for one another: ${someOf(keys).join(" → ")}`, remedy: "take away one of these dependencies" };
}

/** Indexes of the steps that a step waits for: by data and by `runAfter`, each once. Unknown keys are left out. */
export function dependencies(step: Step, indexOf: ReadonlyMap<string, number>): number[] {
  const keys = [...Object.values(step.inputs).flatMap(({ source }) => ("step" in source ? [source.step] : [])), ...step.runAfter];
  return [...new Set(keys.flatMap((key) => indexOf.get(key) ?? []))];
}

function indexSteps(graph: PipelineGraph, problems: ProblemDetail[]): Map<string, number> {
  const indexOf = new Map<string, number>();
  graph.steps.forEach(({ key }, index) => {
    if (indexOf.has(key))
      report(problems, () => ({
        pointer: `/steps/${index}/key`,
        message: `step ${quote(key)} is there twice`,
        remedy: "give each step a key of its own",
      }));
    else indexOf.set(key, index);
  });
  return indexOf;
}

function checkWords(step: Step, index: number, problems: ProblemDetail[]): void {
  const member = step.type === "CommandStep" ? "command" : "arguments";
  const words: readonly Argument[] = step.type === "CommandStep" ? step.command : step.arguments;
  words.forEach((word, at) => {
    if (typeof word === "string") return;
    const [kind, name, known] =
      "input" in word
        ? ["input", word.input, step.inputs]
        : "output" in word
          ? ["output", word.output, step.outputs]
          : ["parameter", word.parameter, step.parameters];
    if (!Object.hasOwn(known, name))
      report(problems, () => unknown(`/steps/${index}/${member}/${at}`, `${kind} of step ${quote(step.key)}`, name, Object.keys(known)));
  });
}

function checkParameters(step: Step, index: number, graph: PipelineGraph, problems: ProblemDetail[]): void {
  for (const [name, value] of Object.entries(step.parameters)) {
    if (typeof value !== "object" || Object.hasOwn(graph.parameters, value.source)) continue;
    report(problems, () =>
      unknown(`/steps/${index}/parameters/${name}/source`, "pipeline parameter", value.source, Object.keys(graph.parameters)),
    );
  }
}

function checkRunAfter(step: Step, index: number, indexOf: ReadonlyMap<string, number>, problems: ProblemDetail[]): void {
  step.runAfter.forEach((key, at) => {
    if (!indexOf.has(key)) report(problems, () => unknown(`/steps/${index}/runAfter/${at}`, "step", key, [...indexOf.keys()]));
  });
}

function checkInputs(
  step: Step,
  index: number,
  graph: PipelineGraph,
  indexOf: ReadonlyMap<string, number>,
  problems: ProblemDetail[],
): void {
  for (const name of [...Object.keys(step.inputs), ...Object.keys(step.outputs)]) {
    if (name.startsWith(RESERVED_PORT_PREFIX))
      report(problems, () => ({
        pointer: `/steps/${index}`,
        message: `${quote(name)} begins with ${quote(RESERVED_PORT_PREFIX)}, which is kept for the runtime`,
        remedy: "choose another name",
      }));
    if (Object.hasOwn(step.inputs, name) && Object.hasOwn(step.outputs, name))
      report(problems, () => ({
        pointer: `/steps/${index}/outputs/${name}`,
        message: `step ${quote(step.key)} has an input and an output named ${quote(name)}`,
        remedy: "rename one of them",
      }));
  }
  for (const [name, { source }] of Object.entries(step.inputs)) {
    const pointer = `/steps/${index}/inputs/${name}/source`;
    if ("parameter" in source) checkPlace(`${pointer}/parameter`, source.parameter, graph, problems);
    if (!("step" in source)) continue;
    const producer = graph.steps[indexOf.get(source.step) ?? -1];
    if (!producer) report(problems, () => unknown(`${pointer}/step`, "step", source.step, [...indexOf.keys()]));
    else if (!Object.hasOwn(producer.outputs, source.output))
      report(problems, () =>
        unknown(`${pointer}/output`, `output of step ${quote(producer.key)}`, source.output, Object.keys(producer.outputs)),
      );
  }
}

/** An input comes from a parameter only where that names a place. */
function checkPlace(pointer: string, name: string, { parameters }: PipelineGraph, problems: ProblemDetail[]): void {
  const declared = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
  if (!declared) report(problems, () => unknown(pointer, "pipeline parameter", name, Object.keys(parameters)));
  else if (!isPlace(declared))
    report(problems, () => ({
      pointer,
      message: `pipeline parameter ${quote(name)} is of type ${declared.type}, and an input comes from a place`,
      remedy: "declare it with type datapath or dataset, or pass it by parameters",
    }));
}

function unknown(pointer: string, what: string, name: string, known: string[]): ProblemDetail {
  return {
    pointer,
    message: `there is no ${what} ${quote(name)}`,
    remedy: known.length > 0 ? `known: ${someOf(known).join(", ")}` : "declare it first",
  };
}
/** Notes a problem, unless there are more already than anybody reads. */
function report(problems: ProblemDetail[], make: () => ProblemDetail): void {
  if (problems.length < MAX_PROBLEMS) problems.push(make());
}
function quote(text: string): string {
  return JSON.stringify(text);
}
