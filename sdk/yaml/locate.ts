import type { Position } from "./yaml-error.ts";
import type { Path, YamlTree } from "./yaml-tree.ts";

/** Keys of the submitted graph that the YAML spells otherwise or says elsewhere. */
const YAML_KEYS: Readonly<Record<string, string>> = {
  scriptName: "script_name",
  snapshotId: "source_directory",
  environment: "runconfig",
  environmentVariables: "runconfig",
  timeoutSeconds: "runconfig",
  runAfter: "run_after",
  allowReuse: "allow_reuse",
  defaultCompute: "default_compute",
  mode: "bind_mode",
};

/** Finds the place in the file for a JSON Pointer (RFC 6901) into a submitted body: `/pipeline/steps/3/scriptName`. */
export function locatePointer(pointer: string, tree: YamlTree, stepKeys: readonly string[]): Position | undefined {
  const parts = pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (parts[0] !== "pipeline") return undefined;
  return tree.position(toYamlPath(parts, stepKeys));
}

function toYamlPath(parts: readonly string[], stepKeys: readonly string[]): Path {
  const [root = "pipeline", section, index, ...rest] = parts;
  if (section !== "steps") return [root, ...parts.slice(1).map(yamlKey)];
  const key = index === undefined ? undefined : stepKeys[Number(index)];
  if (key === undefined) return [root, section];
  const [field, ...below] = rest;
  if (field === undefined) return [root, section, key];
  // Below a port's or parameter's name, which is the author's, only what the graph itself names is translated.
  return [
    root,
    section,
    key,
    yamlKey(field),
    ...below.map((part, depth) => (/^\d+$/.test(part) ? Number(part) : depth === 0 ? part : yamlKey(part))),
  ];
}

const yamlKey = (key: string): string => (Object.hasOwn(YAML_KEYS, key) ? (YAML_KEYS[key] ?? key) : key);
