import { describe, expect, test } from "vitest";
import { readRunConfiguration } from "../../../sdk/yaml/run-configuration.ts";
import { TemporaryFolder } from "../temporary-folder.ts";

function read(yaml: string, files: Record<string, string> = {}) {
  using folder = new TemporaryFolder();
  folder.write({ ...files, "run.yml": yaml });
  const result = readRunConfiguration(folder.join("run.yml"), folder.join("code"), "train.py");
  return { ...result, warnings: result.warnings.map((warning) => warning.replace(`${folder.path}/`, "")) };
}

describe("readRunConfiguration", () => {
  test("reads what v1 saves, and what v1 saves by itself is no cause for a warning", () => {
    const configuration = read(
      `script: train.py
arguments: []
target: gpu
framework: Python
communicator: None
maxRunDurationSeconds: 3600
nodeCount: 1
autoPrepareEnvironment: true
environment:
  name: mine
  version: null
  python:
    interpreterPath: python
    userManagedDependencies: false
    condaDependenciesFile: conda.yml
  docker:
    enabled: true
    baseImage: mcr.microsoft.com/base:1
    baseDockerfile: null
    sharedVolumes: true
    shmSize: 2g
    arguments: []
    baseImageRegistry: { address: null, username: null, password: null }
  environmentVariables: { EXAMPLE: value, LEVEL: 1.0 }
  inferencingStackVersion: null
`,
      { "code/conda.yml": "dependencies:\n- python=3.11\n" },
    );

    expect(configuration).toEqual({
      environment: {
        name: "mine",
        image: "mcr.microsoft.com/base:1",
        condaFile: "dependencies:\n- python=3.11\n",
        variables: { EXAMPLE: "value", LEVEL: "1.0" },
      },
      target: "gpu",
      timeoutSeconds: 3600,
      warnings: [],
    });
  });

  test("takes conda dependencies written inline", () => {
    const { environment } = read(
      "environment: {python: {condaDependencies: {name: x, dependencies: [python=3.10, {pip: [scikit-learn]}]}}}",
    );

    expect(environment?.condaFile).toBe("name: x\ndependencies:\n  - python=3.10\n  - pip:\n      - scikit-learn\n");
  });

  test("leaves dependencies out that the user manages", () => {
    const { environment } = read("environment: {python: {userManagedDependencies: true, condaDependencies: {dependencies: [a]}}}");

    expect(environment).toEqual({ variables: {} });
  });

  test("names the environment when nothing but its name is there", () => {
    expect(read("environment: {name: AzureML-Minimal, version: 3}")).toEqual({
      environmentName: "AzureML-Minimal",
      environment: { variables: {} },
      warnings: ["run.yml:1:38: environment.version has no effect here"],
    });
  });

  test("warns of what has no effect here, never with a value, which may be a secret", () => {
    const { warnings } = read(`nodeCount: 4
target: local
nodeCuont: 1
mpi: {processCountPerNode: 2}
spark: {configuration: {a: b}}
environment:
  docker:
    baseImage: x
    baseImageRegistry: {address: a, username: u, password: hunter2}
    shmSize: 8g
`);

    expect(warnings).toEqual([
      "run.yml:1:1: nodeCount has no effect here",
      "run.yml:3:1: nodeCuont is not known; did you mean nodeCount?",
      "run.yml:9:5: environment.docker.baseImageRegistry has no effect here",
      "run.yml:10:5: environment.docker.shmSize has no effect here",
      "run.yml: mpi, spark: these sections have no effect here",
      'target "local" of the run configuration is not used: a pipeline runs on a compute target, as in v1',
    ]);
    expect(warnings.join()).not.toContain("hunter2");
  });

  test.each([
    ["a wrong type", "target: [a]", /run\.yml:1:9: target must be a text, not a list/],
    [
      "a conda file that is not there",
      "environment: {python: {condaDependenciesFile: x.yml}}",
      /run\.yml:1:47: condaDependenciesFile "x\.yml" is not there/,
    ],
    ["a name no variable can have", "environment: {environmentVariables: {a-b: 1}}", /a-b is not a name that can be used/],
    ["a list", "- a", /run\.yml:1:1: the file must be a map/],
  ])("refuses %s", (_, yaml, expected) => {
    expect(() => read(yaml)).toThrowError(expect.objectContaining({ details: [expect.stringMatching(expected)] }));
  });

  test("says where a conda file is broken", () => {
    const reading = () => read("environment: {python: {condaDependenciesFile: c.yml}}", { "code/c.yml": "a: [\n" });

    expect(reading).toThrowError(expect.objectContaining({ details: [expect.stringMatching(/code\/c\.yml:2:1: /)] }));
  });
});
