import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { describeCycle } from "../../shared/domain/check-graph.ts";
import { Dag } from "../../shared/domain/dag.ts";
import { isSafeRelativePath, StepKey } from "../../shared/domain/ids.ts";
import type { DataPath, PipelineParameter } from "../../shared/domain/pipeline-parameter.ts";
import { checkShape } from "./check-shape.ts";
import { loadYaml } from "./load-yaml.ts";
import { locatePointer } from "./locate.ts";
import { readParameter } from "./parameters.ts";
import type { DataToUpload, DraftStep, PipelineFile } from "./pipeline-file.ts";
import { YAML_STEPS, YamlDataReference, YamlPipelineHead, type YamlStep } from "./pipeline-schema.ts";
import { readStep, type StepContext } from "./read-step.ts";
import { Report } from "./report.ts";
import { explainStepKey, explainType, isSupportedType, type SupportedType } from "./step-types.ts";
import type { Path, YamlTree } from "./yaml-tree.ts";

const Root = z.strictObject({ pipeline: z.record(z.string(), z.unknown()), Schedule: z.unknown().optional() });

/**
 * Reads a v1 pipeline YAML. `file` is how the caller names it: messages say it so.
 * @throws {FileError} with everything that is wrong, each at its line and column.
 */
export function readPipelineFile(file: string, from: string = process.cwd()): PipelineFile {
  const report = new Report(file);
  const path = resolve(from, file);
  const tree = loadYaml(path, report);
  if (!tree) throw report.error();
  const read = new PipelineReader(tree, report, dirname(path)).read();
  report.throwIfAny();
  return read;
}

class PipelineReader {
  private readonly tree: YamlTree;
  private readonly report: Report;
  private readonly folder: string;
  private readonly warnings: string[] = [];
  private readonly data: DataToUpload[] = [];
  private readonly references = new Map<string, DataPath>();
  private readonly destinations = new Map<string, { step: string; output: string }>();

  constructor(tree: YamlTree, report: Report, folder: string) {
    this.tree = tree;
    this.report = report;
    this.folder = folder;
  }

  /** What comes back is only good when nothing was reported. */
  read(): PipelineFile {
    this.checkRoot();
    const head = checkShape(YamlPipelineHead, this.tree, ["pipeline"], this.report);
    if (head && Object.keys(head.steps).length === 0)
      this.report.add(this.tree.position(["pipeline", "steps"]), "steps has no step", "write at least one");
    const parameters = this.parameters();
    for (const name of this.keys("data_references")) this.reference(name);
    const stepKeys = this.keys("steps");
    for (const key of stepKeys) this.destinationsOf(key);
    const steps = this.steps(stepKeys, Object.keys(parameters));
    if (this.report.count > 0) this.reportCycles(steps);
    const name = this.tree.text(["pipeline", "name"]);
    const description = this.tree.text(["pipeline", "description"]);
    const { tree, warnings, data } = this;
    return {
      file: this.report.file,
      ...(name !== undefined && { name }),
      pipeline: {
        ...(name !== undefined && { name }),
        ...(description !== undefined && { description }),
        ...(head?.default_compute !== undefined && { defaultCompute: head.default_compute }),
        parameters: onlySet(parameters),
      },
      steps,
      data,
      warnings,
      locate: (pointer) => locatePointer(pointer, tree, stepKeys),
    };
  }

  /** The server names cycles, but a file with other problems is not sent to it. */
  private reportCycles(steps: readonly DraftStep[]): void {
    const indexOf = new Map(steps.map(({ step }, index) => [step.key, index]));
    const dag = Dag.of(
      steps.map(({ step }) => {
        const data = Object.values(step.inputs ?? {}).flatMap(({ source }) => ("step" in source ? [source.step] : []));
        return [...new Set([...data, ...(step.runAfter ?? [])].flatMap((key) => indexOf.get(key) ?? []))];
      }),
    );
    for (const cycle of "cycles" in dag ? dag.cycles : []) {
      if (cycle.length === 2) continue; // a step that names itself was told where it does
      const keys = cycle.map((index) => steps[index]?.step.key ?? "?");
      const { message, remedy } = describeCycle(keys);
      this.report.add(this.tree.position(["pipeline", "steps", keys[0] ?? ""], "key"), message, remedy);
    }
  }

  private checkRoot(): void {
    const root = this.tree.root.value;
    const wanted = "a pipeline file is a map with the key pipeline:";
    if (typeof root !== "object" || root === null || Array.isArray(root)) {
      const kind = Array.isArray(root) ? "a list" : root === undefined ? "empty" : `a ${typeof root}`;
      this.report.add({ line: 1, column: 1 }, `the file is ${kind}`, wanted);
      throw this.report.error();
    }
    if ("Schedule" in root && !("pipeline" in root)) {
      this.report.add(this.tree.position(["Schedule"], "key"), "the file describes a schedule and no pipeline", wanted);
      throw this.report.error();
    }
    checkShape(Root, this.tree, [], this.report);
    if (!("pipeline" in root)) throw this.report.error();
    if (!("Schedule" in root)) return;
    const { line } = this.tree.position(["Schedule"], "key");
    this.warnings.push(`${this.report.file}:${line}: Schedule: is not used by a submit; the pipeline runs once, now`);
  }

  private keys(section: string): string[] {
    return [...(this.tree.at(["pipeline", section])?.children?.keys() ?? [])].filter((key) => typeof key === "string");
  }

  /** By name; undefined where one is declared that cannot be read. */
  private parameters(): Record<string, PipelineParameter | undefined> {
    return Object.fromEntries(this.keys("parameters").map((name) => [name, readParameter(name, this.tree, this.report)]));
  }

  private reference(name: string): void {
    const at = ["pipeline", "data_references", name];
    // So that a use of it is not reported as well, a broken one is known too.
    this.references.set(name, { datastore: "", path: "" });
    if (this.tree.at([...at, "dataset_name"])) {
      this.report.add(
        this.tree.position([...at, "dataset_name"], "key"),
        `data_references.${name}: datasets are not supported yet`,
        "name datastore and path_on_datastore",
      );
      return;
    }
    const reference = checkShape(YamlDataReference, this.tree, at, this.report);
    if (!reference) return;
    const written = this.tree.text([...at, "path_on_datastore"]) ?? String(reference.path_on_datastore);
    const path = written.replace(/^\/+|\/+$/g, "");
    if (!isSafeRelativePath(path)) {
      this.report.add(
        this.tree.position([...at, "path_on_datastore"]),
        `path_on_datastore ${JSON.stringify(written)} is not a path in a datastore`,
        "write it with '/' and without '..'",
      );
    }
    this.references.set(name, { datastore: reference.datastore, path });
    this.localPath(name, reference.datastore, path);
  }

  private localPath(name: string, datastore: string, path: string): void {
    const at = ["pipeline", "data_references", name, "local_path"];
    const written = this.tree.text(at);
    if (written === undefined) return;
    const localPath = resolve(this.folder, written);
    const stat = statSync(localPath, { throwIfNoEntry: false });
    if (stat?.isFile() || stat?.isDirectory()) this.data.push({ reference: name, datastore, path, localPath });
    else this.report.add(this.tree.position(at), `local_path ${JSON.stringify(written)} is not there`, `it is looked for as ${localPath}`);
  }

  private destinationsOf(step: string): void {
    for (const output of this.tree.at(["pipeline", "steps", step, "outputs"])?.children?.keys() ?? []) {
      const at = ["pipeline", "steps", step, "outputs", output, "destination"];
      const name = this.tree.text(at);
      if (name === undefined) continue;
      const other = this.destinations.get(name);
      const taken = other ? `output ${other.output} of step ${other.step}` : this.references.has(name) ? "a data reference" : undefined;
      if (taken !== undefined)
        this.report.add(
          this.tree.position(at),
          `destination ${JSON.stringify(name)} is the name of ${taken} already`,
          "choose another name",
        );
      else this.destinations.set(name, { step, output: String(output) });
    }
  }

  private steps(stepKeys: readonly string[], parameters: readonly string[]): DraftStep[] {
    const { tree, report, folder, warnings, references, destinations } = this;
    const context: StepContext = { tree, report, folder, parameters, references, destinations, stepKeys, warnings };
    return stepKeys.flatMap((key) => {
      const step = this.stepOfRightShape(key);
      return step ? [readStep(key, step, context)] : [];
    });
  }

  /** A step of a wrong shape is read on as far as it is sound, to find what else is wrong with it. */
  private shapeOf(type: SupportedType, at: Path): YamlStep {
    const step = checkShape<z.ZodType<YamlStep>>(YAML_STEPS[type], this.tree, at, this.report, explainStepKey);
    return step ?? soundPart(YAML_STEPS[type], this.tree.at(at)?.value as object);
  }

  private stepOfRightShape(key: string): YamlStep | undefined {
    const at = ["pipeline", "steps", key];
    const named = StepKey.safeParse(key);
    if (!named.success)
      this.report.add(this.tree.position(at, "key"), `step key ${JSON.stringify(key)} cannot be used: ${named.error.issues[0]?.message}`);
    if (typeof this.tree.at(at)?.value !== "object" || Array.isArray(this.tree.at(at)?.value)) {
      this.report.add(this.tree.position(at), `steps.${key} must be a map (key: value)`);
      return undefined;
    }
    const type = this.tree.at([...at, "type"])?.value;
    if (isSupportedType(type)) return this.shapeOf(type, at);
    const { message, remedy } = explainType(type);
    this.report.add(this.tree.position([...at, "type"]), `steps.${key}: ${message}`, remedy);
    return undefined;
  }
}

/** The keys of a step that are sound by themselves, as a step. */
function soundPart(schema: z.ZodObject, value: object): YamlStep {
  const sound = Object.entries(value).filter(([key, part]) => (schema.shape[key] as z.ZodType | undefined)?.safeParse(part).success);
  return Object.fromEntries(sound) as YamlStep;
}

function onlySet(parameters: Readonly<Record<string, PipelineParameter | undefined>>): Record<string, PipelineParameter> {
  return Object.fromEntries(Object.entries(parameters).filter((entry): entry is [string, PipelineParameter] => entry[1] !== undefined));
}
