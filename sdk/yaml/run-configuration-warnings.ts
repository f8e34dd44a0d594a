import { suggest } from "../suggest.ts";
import type { YamlTree } from "./yaml-tree.ts";

/**
 * Settings that may be in a v1 run configuration without meaning anything here, each with the values v1 writes by itself:
 * a saved configuration is full of them, and only another value is worth a warning.
 */
const WITHOUT_EFFECT: Readonly<Record<string, readonly unknown[]>> = {
  script: [],
  arguments: [],
  command: [],
  framework: ["Python", "PyTorch", "TensorFlow", "python"],
  communicator: ["None"],
  autoPrepareEnvironment: [true],
  nodeCount: [1],
  priority: [],
  credentialPassthrough: [false],
  identity: [],
  "environment.version": ["Autosave"],
  "environment.inferencingStackVersion": [],
  "environment.assetId": [],
  "environment.autoRebuild": [true],
  "environment.python.interpreterPath": ["python"],
  "environment.python.baseCondaEnvironment": [],
  "environment.docker.enabled": [true, false],
  "environment.docker.platform": [{ os: "Linux", architecture: "amd64" }],
  "environment.docker.baseDockerfile": [],
  "environment.docker.baseImageRegistry": [{ registryIdentity: null }],
  "environment.docker.sharedVolumes": [true],
  "environment.docker.shmSize": ["2g"],
  "environment.docker.gpuSupport": [true, false],
  "environment.docker.arguments": [],
};

/** Whole sections about back-ends, which v1 writes out in full whatever the target is: they share one warning. */
const SECTIONS = new Set([
  ..."history spark hdi tensorflow mpi pytorch paralleltask batchAi containerInstance amlcompute dataReferences data datacaches".split(" "),
  ..."sourceDirectoryDataStore docker applicationEndpoints fileShareUploads outputData modelConverter cmk8sCompute commandReturnCodeConfig".split(
    " ",
  ),
  ..."aisuperComputer kubernetescompute historyV2 parallelTask fromatrun".split(" "),
  "environment.spark",
  "environment.databricks",
  "environment.r",
]);

/** Says what v1 knows of a run configuration and this does not act on, with the line; values are left out, as they may be secrets. */
export function settingsWithoutEffect(tree: YamlTree, path: string, scriptName: string | undefined): string[] {
  const known = [...Object.keys(WITHOUT_EFFECT), ...SECTIONS, "environment", "target", "maxRunDurationSeconds"];
  const warnings: string[] = [];
  const sections: string[] = [];
  const look = (keys: readonly string[]): void => {
    for (const [key, node] of tree.at(keys)?.children ?? []) {
      const name = [...keys, key].join(".");
      if (isRead(name) || isEmpty(node.value)) continue;
      if (SECTIONS.has(name)) {
        sections.push(name);
        continue;
      }
      const usual = WITHOUT_EFFECT[name];
      if (usual?.some((value) => equal(value, node.value)) || (name === "script" && node.value === scriptName)) continue;
      const near = usual
        ? undefined
        : suggest(
            String(key),
            known.map((each) => each.split(".").at(-1) ?? each),
          );
      const { line, column } = tree.position([...keys, key], "key");
      warnings.push(
        `${path}:${line}:${column}: ${name} ${usual ? "has no effect here" : `is not known${near ? `; did you mean ${near}?` : ""}`}`,
      );
    }
  };
  look([]);
  look(["environment"]);
  look(["environment", "python"]);
  look(["environment", "docker"]);
  if (sections.length > 0) warnings.push(`${path}: ${sections.join(", ")}: these sections have no effect here`);
  return warnings;
}

function isRead(name: string): boolean {
  return (
    /^(target|maxRunDurationSeconds|environment)$|^environment\.(name|environmentVariables|python|docker)$/.test(name) ||
    READ_BELOW.has(name)
  );
}
const READ_BELOW = new Set([
  "environment.python.userManagedDependencies",
  "environment.python.condaDependenciesFile",
  "environment.python.condaDependencies",
  "environment.docker.baseImage",
]);

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  return typeof value === "object" && Object.values(value).every(isEmpty);
}

function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
