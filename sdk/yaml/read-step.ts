import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { isSafeRelativePath } from "../../shared/domain/ids.ts";
import type { Argument, InputMode, InputSource, OutputMode } from "../../shared/domain/pipeline-graph.ts";
import type { DataPath } from "../../shared/domain/pipeline-parameter.ts";
import { remedyFor } from "../suggest.ts";
import { nameOf } from "./check-shape.ts";
import type { DraftStep } from "./pipeline-file.ts";
import type { YamlCommandStep, YamlPythonScriptStep, YamlStep } from "./pipeline-schema.ts";
import type { Report } from "./report.ts";
import { findRunConfiguration, isComputeName, type RunConfiguration, readRunConfiguration } from "./run-configuration.ts";
import { readWord, toArgument } from "./tokens.ts";
import { FileError } from "./yaml-error.ts";
import type { Path, YamlTree } from "./yaml-tree.ts";

/** What a step may refer to, and where its problems go. */
export interface StepContext {
  readonly tree: YamlTree;
  readonly report: Report;
  /** Folder of the pipeline file, absolute. */
  readonly folder: string;
  /** Names of pipeline parameters. */
  readonly parameters: readonly string[];
  readonly references: ReadonlyMap<string, DataPath>;
  /** Outputs of all steps by their `destination`. */
  readonly destinations: ReadonlyMap<string, { step: string; output: string }>;
  readonly stepKeys: readonly string[];
  readonly warnings: string[];
}

/** Turns a step of the right shape into one of the graph; what its names refer to is checked, each problem at its own line. */
export function readStep(key: string, step: YamlStep, context: StepContext): DraftStep {
  return new StepReader(key, step, context).read();
}

class StepReader {
  private readonly key: string;
  private readonly step: YamlStep;
  private readonly context: StepContext;
  private readonly path: Path;

  constructor(key: string, step: YamlStep, context: StepContext) {
    this.key = key;
    this.step = step;
    this.context = context;
    this.path = ["pipeline", "steps", key];
  }

  read(): DraftStep {
    const { step } = this;
    const sourceDirectory = this.sourceDirectory();
    const configuration = this.runConfiguration(sourceDirectory ?? this.context.folder);
    const common = {
      key: this.key,
      inputs: this.inputs(),
      outputs: this.outputs(),
      parameters: this.parameters(),
      runAfter: this.runAfter(),
      ...this.optional(configuration),
    };
    const entry =
      step.type === "PythonScriptStep"
        ? { type: step.type, scriptName: this.scriptName(step, sourceDirectory), arguments: this.words(step.arguments ?? [], "arguments") }
        : { type: step.type, command: this.command(step) };
    return {
      step: { ...common, ...entry },
      ...(sourceDirectory !== undefined && { sourceDirectory }),
      ...(configuration.environmentName !== undefined && { environmentName: configuration.environmentName }),
    };
  }

  private optional(configuration: RunConfiguration) {
    const { allow_reuse: allowReuse } = this.step;
    const name = this.text("name");
    const version = this.text("version");
    const compute = this.step.compute ?? configuration.target;
    return {
      ...(name !== undefined && { name }),
      ...(version !== undefined && { version }),
      ...(compute !== undefined && { compute }),
      ...(allowReuse !== undefined && { allowReuse }),
      ...(configuration.environment && { environment: configuration.environment }),
      ...(configuration.timeoutSeconds !== undefined && { timeoutSeconds: configuration.timeoutSeconds }),
    };
  }

  private sourceDirectory(): string | undefined {
    const named = this.text("source_directory");
    // v1 takes the folder it is called in; a file says more reliably which one is meant.
    if (named === undefined) return this.step.type === "PythonScriptStep" ? this.context.folder : undefined;
    const folder = resolve(this.context.folder, named);
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder;
    this.report(["source_directory"], `source_directory ${JSON.stringify(named)} is not a folder`, `it is looked for as ${folder}`);
    return undefined;
  }

  private scriptName(step: YamlPythonScriptStep, folder: string | undefined): string {
    const named = this.context.tree.text([...this.path, "script_name"]) ?? String(step.script_name);
    const script = named.replace(/^\.\//, "");
    if (step.script_name === undefined) return script; // was reported
    if (!isSafeRelativePath(script)) {
      this.report(
        ["script_name"],
        `script_name ${JSON.stringify(named)} is not a path below source_directory`,
        "write it with '/' and without '..'",
      );
    } else if (folder !== undefined && !statSync(join(folder, script), { throwIfNoEntry: false })?.isFile()) {
      this.report(["script_name"], `script_name ${JSON.stringify(named)} is not there`, `it is looked for in ${folder}`);
    }
    return script;
  }

  private runConfiguration(sourceDirectory: string): RunConfiguration {
    const named = this.text("runconfig");
    const nothing: RunConfiguration = { warnings: [] };
    if (named === undefined) return nothing;
    const path = findRunConfiguration(named, this.context.folder, sourceDirectory);
    if (path === undefined) {
      this.report(["runconfig"], `runconfig ${JSON.stringify(named)} is not there`, `it is looked for in ${this.context.folder}`);
      return nothing;
    }
    try {
      return this.checkTarget(readRunConfiguration(path, sourceDirectory, this.text("script_name")));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      for (const line of error.details) this.report(["runconfig"], `runconfig cannot be used: ${line}`);
      return nothing;
    }
  }

  private checkTarget(configuration: RunConfiguration): RunConfiguration {
    for (const warning of configuration.warnings) if (!this.context.warnings.includes(warning)) this.context.warnings.push(warning);
    const { target } = configuration;
    if (target !== undefined && !isComputeName(target))
      this.report(["runconfig"], `target ${JSON.stringify(target)} of the runconfig is not a compute name`);
    return configuration;
  }

  private inputs(): Record<string, { source: InputSource; mode?: InputMode }> {
    return Object.fromEntries(
      Object.entries(this.step.inputs ?? {}).map(([port, input]) => {
        const source = this.source(port, this.context.tree.text([...this.path, "inputs", port, "source"]) ?? String(input.source));
        return [port, { source, ...(input.bind_mode && { mode: input.bind_mode }) }];
      }),
    );
  }

  private source(port: string, name: string): InputSource {
    const produced = this.context.destinations.get(name);
    const referred = this.context.references.get(name);
    if (produced) return produced;
    if (referred) return referred;
    const known = [...this.context.destinations.keys(), ...this.context.references.keys()];
    this.report(
      ["inputs", port, "source"],
      `source ${JSON.stringify(name)} is neither a destination of a step nor a data reference`,
      remedyFor(name, known, "sources"),
    );
    return { step: "", output: "" };
  }

  private outputs(): Record<string, { datastore?: string; mode?: OutputMode }> {
    return Object.fromEntries(
      Object.entries(this.step.outputs ?? {}).map(([port, output]) => [
        port,
        { ...(output.datastore && { datastore: output.datastore }), ...(output.bind_mode && { mode: output.bind_mode }) },
      ]),
    );
  }

  private parameters(): Record<string, string | number | boolean | { source: string }> {
    return Object.fromEntries(
      Object.entries(this.step.parameters ?? {}).map(([name, value]) => {
        if (typeof value !== "object") return [name, value];
        const source = this.context.tree.text([...this.path, "parameters", name, "source"]) ?? String(value.source);
        if (!this.context.parameters.includes(source)) {
          const remedy = remedyFor(source, this.context.parameters, "pipeline parameters");
          this.report(["parameters", name, "source"], `source ${JSON.stringify(source)} is not a pipeline parameter`, remedy);
        }
        return [name, { source }];
      }),
    );
  }

  private runAfter(): string[] {
    const named = this.step.run_after ?? [];
    const keys = typeof named === "string" ? [named] : named;
    keys.forEach((key, index) => {
      const at = typeof named === "string" ? ["run_after"] : ["run_after", index];
      if (key === this.key) this.report(at, `run_after names the step itself, ${JSON.stringify(key)}`);
      else if (!this.context.stepKeys.includes(key)) {
        this.report(
          at,
          `run_after ${JSON.stringify(key)} is not a step`,
          remedyFor(
            key,
            this.context.stepKeys.filter((each) => each !== this.key),
            "other steps",
          ),
        );
      }
    });
    return [...keys];
  }

  private command(step: YamlCommandStep): Argument[] {
    if (typeof step.command !== "string") return this.words(step.command ?? [], "command");
    const token = /(?:^|\s)((?:input|output|parameter):[A-Za-z_]\w*)(?:\s|$)/.exec(step.command)?.[1];
    if (token !== undefined) {
      const { line, column } = this.context.tree.position([...this.path, "command"]);
      this.context.warnings.push(
        `${this.context.report.file}:${line}:${column}: command is one text for the shell, so ${token} in it stays as it is; write command as a list to have it replaced`,
      );
    }
    return [step.command];
  }

  private words(words: readonly unknown[], field: string): Argument[] {
    return words.map((value, index) => this.word(this.context.tree.text([...this.path, field, index]) ?? String(value), [field, index]));
  }

  private word(text: string, at: Path): Argument {
    const word = readWord(text);
    if (word.kind === "text") return toArgument(word);
    if (word.kind === "side_input") {
      this.report(at, `${JSON.stringify(text)} is a token of ParallelRunStep, which is not supported yet`, "use input:<port>");
      return text;
    }
    const section = `${word.kind}s` as const;
    // As written: a port that is wrong in itself is declared all the same.
    const declared = [...(this.context.tree.at([...this.path, section])?.children?.keys() ?? [])].map(String);
    if (!declared.includes(word.name)) {
      const here = declared.length === 0 ? `declare it under ${section}:` : remedyFor(word.name, declared, section);
      this.report(at, `${JSON.stringify(text)} names no ${word.kind} of this step`, here);
    }
    return toArgument(word);
  }

  private text(field: string): string | undefined {
    return this.context.tree.text([...this.path, field]);
  }

  private report(below: Path, message: string, remedy?: string): void {
    const at = [...this.path, ...below];
    this.context.report.add(this.context.tree.position(at), `${nameOf(this.path)}: ${message}`, remedy);
  }
}
