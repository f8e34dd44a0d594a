import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { stringify } from "yaml";
import { z } from "zod";
import type { EnvironmentSpec } from "../../shared/domain/environment.ts";
import { CatalogName } from "../../shared/domain/ids.ts";
import { checkShape } from "./check-shape.ts";
import { loadText, loadYaml } from "./load-yaml.ts";
import { Report } from "./report.ts";
import { settingsWithoutEffect } from "./run-configuration-warnings.ts";
import type { FileIssue } from "./yaml-error.ts";
import { FileError } from "./yaml-error.ts";
import { parseYaml, type YamlTree } from "./yaml-tree.ts";

/** What a step takes from a v1 run configuration. */
export interface RunConfiguration {
  readonly environment?: z.input<typeof EnvironmentSpec>;
  /** The configuration names an environment of the catalog and says nothing else of it. */
  readonly environmentName?: string;
  readonly target?: string;
  readonly timeoutSeconds?: number;
  /** Settings that v1 knows and that have no effect here. */
  readonly warnings: readonly string[];
}

const Variables = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "letters, digits and underscores, not starting with a digit"),
  z.union([z.string(), z.number(), z.boolean()], { error: "must be a text, a number or true/false" }),
);

/** The part of the file that means something here; the rest is looked at key by key for warnings. */
const Meaningful = z.looseObject({
  target: z.string().optional(),
  maxRunDurationSeconds: z.int().nonnegative().optional(),
  environment: z
    .looseObject({
      name: z.string().optional(),
      environmentVariables: Variables.optional(),
      python: z
        .looseObject({
          userManagedDependencies: z.boolean().optional(),
          condaDependenciesFile: z.string().optional(),
          condaDependencies: z.record(z.string(), z.unknown()).optional(),
        })
        .optional(),
      docker: z.looseObject({ baseImage: z.string().min(1).optional() }).optional(),
    })
    .optional(),
});
type Meaningful = z.infer<typeof Meaningful>;

/**
 * Reads a v1 run configuration (`RunConfiguration.save`). Files it names are looked for below the step's folder, as v1 does, and beside it.
 * @throws {FileError} with every issue in it.
 */
export function readRunConfiguration(path: string, sourceDirectory: string, scriptName: string | undefined): RunConfiguration {
  const report = new Report(path);
  const tree = loadYaml(path, report);
  const content = tree && checkShape(Meaningful, tree, [], report);
  if (!tree || !content) throw report.error();
  const condaFile = readCondaFile(content, tree, path, sourceDirectory, report);
  report.throwIfAny();
  return toRunConfiguration(content, tree, condaFile, settingsWithoutEffect(tree, path, scriptName));
}

function toRunConfiguration(content: Meaningful, tree: YamlTree, condaFile: string | undefined, warnings: string[]): RunConfiguration {
  const { name, docker, environmentVariables } = content.environment ?? {};
  const image = docker?.baseImage;
  const variables = textVariables(environmentVariables ?? {}, tree);
  const described = condaFile !== undefined || image !== undefined || content.environment?.python?.userManagedDependencies !== undefined;
  const local = content.target === "local";
  if (local) warnings.push('target "local" of the run configuration is not used: a pipeline runs on a compute target, as in v1');
  return {
    ...((described || (content.environment && name === undefined)) && {
      environment: {
        variables,
        ...(name !== undefined && { name }),
        ...(image !== undefined && { image }),
        ...(condaFile !== undefined && { condaFile }),
      },
    }),
    ...(!described && name !== undefined && { environmentName: name, environment: { variables } }),
    ...(content.target !== undefined && !local && { target: content.target }),
    ...(content.maxRunDurationSeconds && { timeoutSeconds: content.maxRunDurationSeconds }),
    warnings,
  };
}

function textVariables(variables: Readonly<Record<string, unknown>>, tree: YamlTree): Record<string, string> {
  const text = (name: string): string => tree.text(["environment", "environmentVariables", name]) ?? String(variables[name]);
  return Object.fromEntries(Object.keys(variables).map((name) => [name, text(name)]));
}

function readCondaFile(content: Meaningful, tree: YamlTree, path: string, sourceDirectory: string, report: Report): string | undefined {
  const python = content.environment?.python;
  if (python?.userManagedDependencies) return undefined;
  if (python?.condaDependencies !== undefined) return stringify(python.condaDependencies);
  const named = python?.condaDependenciesFile;
  if (named === undefined) return undefined;
  const place = tree.position(["environment", "python", "condaDependenciesFile"]);
  const found = [sourceDirectory, dirname(path)].map((folder) => resolve(folder, named)).find((candidate) => existsSync(candidate));
  if (found === undefined) {
    report.add(
      place,
      `condaDependenciesFile ${JSON.stringify(named)} is not there`,
      `it is looked for in ${sourceDirectory} and beside this file`,
    );
    return undefined;
  }
  return readWhole(found, report);
}

/** A conda file is handed on as text; that it is YAML with a map in it is checked here, where the user can be told the line. */
function readWhole(path: string, report: Report): string | undefined {
  const own = new Report(path);
  const text = loadText(path, own);
  const tree = text === undefined ? undefined : parseYaml(text, own);
  if (tree) checkShape(z.record(z.string(), z.unknown()), tree, [], own);
  if (own.count > 0) throw new FileError(`${report.file} names a conda file that cannot be read`, own.error().issues as FileIssue[]);
  return text;
}

/** Where a `runconfig:` is looked for: beside the pipeline file, then in the step's folder. */
export function findRunConfiguration(named: string, folder: string, sourceDirectory: string): string | undefined {
  const candidates = [resolve(folder, named), join(sourceDirectory, named)];
  return candidates.find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
}

/** Whether a target can be the name of a compute. */
export function isComputeName(target: string): boolean {
  return CatalogName.safeParse(target).success;
}
