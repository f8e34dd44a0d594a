import { describe, expect, test } from "vitest";
import { readPipelineFile } from "../../../sdk/yaml/read-pipeline.ts";
import { FileError, formatIssue } from "../../../sdk/yaml/yaml-error.ts";
import { TemporaryFolder } from "../temporary-folder.ts";

const HEAD = "pipeline:\n  name: p\n";

/** What is wrong with a file of this text, as a user sees it, without the file's name. */
function problems(yaml: string | Buffer, files: Record<string, string> = { "train.py": "" }): string[] {
  using folder = new TemporaryFolder();
  folder.write({ ...files, "p.yml": yaml.toString("latin1") });
  if (typeof yaml === "string") folder.write({ "p.yml": yaml });
  try {
    readPipelineFile("p.yml", folder.path);
    return [];
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return error.issues.map((issue) => formatIssue(issue).replace(/^p\.yml:? ?/, ""));
  }
}

function read(yaml: string, files: Record<string, string> = { "train.py": "" }) {
  using folder = new TemporaryFolder();
  return readPipelineFile("p.yml", folder.write({ ...files, "p.yml": yaml }).path);
}

/** A file with one sound step, with more lines under it. */
const step = (...lines: string[]): string =>
  [
    `${HEAD}  steps:`,
    "    train:",
    "      type: PythonScriptStep",
    "      script_name: train.py",
    ...lines.map((line) => `      ${line}`),
    "",
  ].join("\n");

describe("readPipelineFile", () => {
  test("turns v1's YAML into the graph", () => {
    const yaml = `pipeline:
  name: churn
  description: who leaves
  parameters:
    rate: { type: float, default: 0.10 }
    label: { type: string, default: 1.0 }
    rounds: { type: int, default: 40 }
    quick: { type: bool, default: True }
  data_references:
    raw: { datastore: blob, path_on_datastore: /in/raw.csv }
  default_compute: cpu-cluster
  steps:
    clean:
      type: PythonScriptStep
      name: Clean it
      script_name: ./train.py
      inputs: { raw: { source: raw, bind_mode: download } }
      outputs: { clean: { destination: cleaned, datastore: blob, bind_mode: upload } }
      arguments: [--in, input:raw, --out, output:clean, 1.50, true]
      version: 1.0
      allow_reuse: False
    train:
      type: PythonScriptStep
      script_name: train.py
      compute: gpu
      inputs: { data: { source: cleaned } }
      parameters: { rate: { source: rate }, depth: 3 }
      arguments: [input:data, parameter:rate, parameter:depth]
    tell:
      type: CommandStep
      command: [echo, parameter:what, ">", done]
      parameters: { what: hello }
      run_after: [train]
`;

    const file = read(yaml);

    expect(file.pipeline).toEqual({
      name: "churn",
      description: "who leaves",
      defaultCompute: "cpu-cluster",
      parameters: {
        rate: { type: "float", default: 0.1 },
        label: { type: "string", default: "1.0" },
        rounds: { type: "int", default: 40 },
        quick: { type: "bool", default: true },
      },
    });
    expect(file.steps.map(({ step }) => step)).toEqual([
      {
        type: "PythonScriptStep",
        key: "clean",
        name: "Clean it",
        scriptName: "train.py",
        arguments: ["--in", { input: "raw" }, "--out", { output: "clean" }, "1.50", "true"],
        inputs: { raw: { source: { datastore: "blob", path: "in/raw.csv" }, mode: "download" } },
        outputs: { clean: { datastore: "blob", mode: "upload" } },
        parameters: {},
        runAfter: [],
        version: "1.0",
        allowReuse: false,
      },
      {
        type: "PythonScriptStep",
        key: "train",
        scriptName: "train.py",
        compute: "gpu",
        arguments: [{ input: "data" }, { parameter: "rate" }, { parameter: "depth" }],
        inputs: { data: { source: { step: "clean", output: "clean" } } },
        outputs: {},
        parameters: { rate: { source: "rate" }, depth: 3 },
        runAfter: [],
      },
      {
        type: "CommandStep",
        key: "tell",
        command: ["echo", { parameter: "what" }, ">", "done"],
        inputs: {},
        outputs: {},
        parameters: { what: "hello" },
        runAfter: ["train"],
      },
    ]);
    expect(file.warnings).toEqual([]);
  });

  test("takes ~, an empty value and the bare word None for unset", () => {
    const file = read(step("compute: ~", "runconfig: None", "allow_reuse:", "inputs: None", 'arguments: [None, "None"]'));

    expect(file.steps[0]?.step).toEqual({
      type: "PythonScriptStep",
      key: "train",
      scriptName: "train.py",
      arguments: ["None", "None"],
      inputs: {},
      outputs: {},
      parameters: {},
      runAfter: [],
    });
  });

  test("takes anchors and merge keys", () => {
    const file = read(
      `${HEAD}  steps:\n    a: &a\n      type: PythonScriptStep\n      script_name: train.py\n      version: x\n    b:\n      <<: *a\n      version: y\n`,
    );

    expect(file.steps.map(({ step }) => [step.key, step.version])).toEqual([
      ["a", "x"],
      ["b", "y"],
    ]);
  });

  test("finds files beside the YAML, not in the current folder", () => {
    using folder = new TemporaryFolder();
    folder.write({ "deep/code/train.py": "", "deep/p.yml": step("source_directory: code") });

    const file = readPipelineFile("deep/p.yml", folder.path);

    expect(file.steps[0]?.sourceDirectory).toBe(folder.join("deep/code"));
    expect(file.file).toBe("deep/p.yml");
  });

  test("notes local data that the datastore is to get", () => {
    using folder = new TemporaryFolder();
    folder.write({
      "train.py": "",
      "d/x.csv": "1",
      "p.yml": `${step()}  data_references:\n    raw: {datastore: blob, path_on_datastore: in/x.csv, local_path: d/x.csv}\n`,
    });

    const file = readPipelineFile("p.yml", folder.path);

    expect(file.data).toEqual([{ reference: "raw", datastore: "blob", path: "in/x.csv", localPath: folder.join("d/x.csv") }]);
  });

  test("warns of a schedule beside the pipeline, which a submit does not use", () => {
    expect(read(`${step()}Schedule:\n  description: nightly\n`).warnings).toEqual([
      "p.yml:7: Schedule: is not used by a submit; the pipeline runs once, now",
    ]);
  });

  test("warns of a token inside a command that is one text", () => {
    const file = read(`${HEAD}  steps:\n    a:\n      type: CommandStep\n      command: cat input:raw\n`);

    expect(file.steps[0]?.step).toMatchObject({ command: ["cat input:raw"] });
    expect(file.warnings).toEqual([
      "p.yml:6:16: command is one text for the shell, so input:raw in it stays as it is; write command as a list to have it replaced",
    ]);
  });

  test("finds the lines of what a server says about the graph", () => {
    const file = read(step("arguments: [a, b]", "run_after: [other]", "runconfig: ~").replace("[other]", "[]"));

    expect(file.locate("/pipeline/steps/0")).toEqual({ line: 5, column: 7 });
    expect(file.locate("/pipeline/steps/0/scriptName")).toEqual({ line: 6, column: 20 });
    expect(file.locate("/pipeline/steps/0/arguments/1")).toEqual({ line: 7, column: 22 });
    expect(file.locate("/pipeline/steps/0/inputs/raw/mode")).toEqual({ line: 4, column: 5 });
    expect(file.locate("/pipeline/name")).toEqual({ line: 2, column: 9 });
    expect(file.locate("/experimentName")).toBeUndefined();
  });
});

describe("a pipeline file that is wrong", () => {
  test.each([
    ["a list", "- a\n", ["1:1: the file is a list (a pipeline file is a map with the key pipeline:)"]],
    ["empty", "# nothing\n", ["1:1: the file is empty (a pipeline file is a map with the key pipeline:)"]],
    ["a text", "hello\n", ["1:1: the file is a string (a pipeline file is a map with the key pipeline:)"]],
    [
      "without a pipeline",
      "pipelin: {}\n",
      ["1:1: pipeline is missing", "1:1: pipelin is not a key that is known here (did you mean pipeline?)"],
    ],
    [
      "a schedule",
      "Schedule: {}\n",
      ["1:1: the file describes a schedule and no pipeline (a pipeline file is a map with the key pipeline:)"],
    ],
    ["without steps", HEAD, ["1:1: steps is missing"]],
    ["with no step", `${HEAD}  steps: {}\n`, ["3:10: steps has no step (write at least one)"]],
    ["two documents", "a: 1\n---\nb: 2\n", ["2:1: a second document begins here"]],
    ["broken", "pipeline: [\n", ["2:1: flow sequence in block collection must be sufficiently indented and end with a ]"]],
    ["a key twice", step("version: a", "version: b"), ['8:7: "version" is there twice (keep one of the two)']],
    ["a list as a key", `${step()}? [a]\n: b\n`, ["7:3: a key must be a text, not a map, a list or an alias"]],
    ["a tag", step("version: !!python/object:os.system x"), [expect.stringContaining("7:16: unresolved tag")]],
    ["the key __proto__", step("__proto__: {a: 1}"), ['7:7: the key "__proto__" cannot be used (choose another name)']],
    ["an anchor in itself", "a: &a [*a]\n", ["1:8: *a stands inside the value it refers to"]],
    ["an unknown anchor", "a: *b\n", ["1:4: *b refers to an anchor that is not above it"]],
  ])("%s", (_, yaml, expected) => {
    expect(problems(yaml)).toEqual(expected);
  });

  test.each([
    ["unknown key", step("scriptname: x"), ["7:7: steps.train.scriptname is not a key that is known here (did you mean script_name?)"]],
    [
      "unknown key, nothing near",
      step("banana: x"),
      [expect.stringContaining("7:7: steps.train.banana is not a key that is known here (the keys here are type, script_name")],
    ],
    [
      "key of another step type",
      step("parallel_run_config: x"),
      [
        "7:7: parallel_run_config belongs to ParallelRunStep, which is not supported yet (the step types that run are PythonScriptStep and CommandStep)",
      ],
    ],
    [
      "type of v1",
      step().replace("PythonScriptStep", "AdlaStep"),
      [
        "5:13: steps.train: type AdlaStep is a step type of v1 that is not supported yet (the step types that run are PythonScriptStep and CommandStep)",
      ],
    ],
    [
      "type misspelt",
      step().replace("PythonScriptStep", "PythonStep"),
      [expect.stringContaining('5:13: steps.train: type "PythonStep" is not a step type')],
    ],
    [
      "no type",
      `${HEAD}  steps:\n    train: {script_name: train.py}\n`,
      ["4:5: steps.train: type is missing (the step types that run are PythonScriptStep and CommandStep)"],
    ],
    ["a step that is a text", `${HEAD}  steps:\n    train: hello\n`, ["4:12: steps.train must be a map (key: value)"]],
    ["wrong kind of value", step("allow_reuse: maybe"), ['7:20: steps.train.allow_reuse must be true or false, not the text "maybe"']],
    ["arguments as a text", step("arguments: --x 1"), ['7:18: steps.train.arguments must be a list, not the text "--x 1"']],
    ["a token with a space", step("arguments: [{input: x}]"), ["7:19: steps.train.arguments[0] must be a text, a number or true/false"]],
    [
      "unknown mode",
      step("inputs: {a: {source: b, bind_mode: mouse}}"),
      ['7:42: steps.train.inputs.a.bind_mode must be mount or download or direct, not "mouse"'],
    ],
    [
      "a port name that cannot be",
      step("inputs: {a-b: {source: b}}"),
      [expect.stringContaining("7:16: steps.train.inputs.a-b is not a name that can be used: letters, digits and underscores")],
    ],
    [
      "a script that is not there",
      step().replace("script_name: train.py", "script_name: trian.py"),
      [expect.stringMatching(/^6:20: steps\.train: script_name "trian\.py" is not there \(it is looked for in .+\)$/)],
    ],
    [
      "a script outside",
      step().replace("script_name: train.py", "script_name: ../train.py"),
      ["6:20: steps.train: script_name \"../train.py\" is not a path below source_directory (write it with '/' and without '..')"],
    ],
    [
      "a folder that is not there",
      step("source_directory: nowhere"),
      [expect.stringMatching(/^7:25: steps\.train: source_directory "nowhere" is not a folder \(it is looked for as .+nowhere\)$/)],
    ],
    [
      "an unknown token",
      step("arguments: [input:a, output:b, parameter:c, side_input:d]"),
      [
        '7:19: steps.train: "input:a" names no input of this step (declare it under inputs:)',
        '7:28: steps.train: "output:b" names no output of this step (declare it under outputs:)',
        '7:38: steps.train: "parameter:c" names no parameter of this step (declare it under parameters:)',
        '7:51: steps.train: "side_input:d" is a token of ParallelRunStep, which is not supported yet (use input:<port>)',
      ],
    ],
    [
      "an unknown parameter",
      step("parameters: {rate: {source: rat}}"),
      ['7:35: steps.train: source "rat" is not a pipeline parameter (there are no pipeline parameters)'],
    ],
    [
      "an unknown step",
      step("run_after: [trainn, train]"),
      [
        '7:19: steps.train: run_after "trainn" is not a step (there are no other steps)',
        '7:27: steps.train: run_after names the step itself, "train"',
      ],
    ],
    [
      "a runconfig that is not there",
      step("runconfig: x.runconfig"),
      [expect.stringContaining('7:18: steps.train: runconfig "x.runconfig" is not there')],
    ],
  ])("%s", (_, yaml, expected) => {
    const found = problems(yaml);

    expect([...found].sort()).toEqual([...expected].sort());
  });

  test.each([
    ["no default", "{type: int}", ["9:8: parameters.rate.default is missing"]],
    ["None as default", "{type: string, default: None}", ["9:8: parameters.rate.default is missing"]],
    ["another type", "{type: int, default: 1.5}", ['9:35: parameters.rate: default "1.5" is not a whole number']],
    ["datapath", "{type: datapath, default: x}", ["9:21: parameters.rate: type datapath is not supported yet (use a data reference)"]],
    [
      "unknown type",
      "{type: integer, default: 1}",
      [expect.stringContaining("9:21: parameters.rate.type must be string or int or float or bool")],
    ],
  ])("a parameter with %s", (_, parameter, expected) => {
    const found = problems(`${step("version: a")}  parameters:\n       rate: ${parameter}\n`);

    expect(found).toEqual(expected);
  });

  test.each([
    [
      "a dataset",
      "{dataset_name: x}",
      ["9:11: data_references.raw: datasets are not supported yet (name datastore and path_on_datastore)"],
    ],
    ["no path", "{datastore: blob}", ["9:5: data_references.raw.path_on_datastore is missing"]],
    [
      "a path out of it",
      "{datastore: blob, path_on_datastore: ../x}",
      ["9:47: path_on_datastore \"../x\" is not a path in a datastore (write it with '/' and without '..')"],
    ],
    [
      "a local path that is not there",
      "{datastore: blob, path_on_datastore: x, local_path: nope}",
      [expect.stringMatching(/^9:62: local_path "nope" is not there \(it is looked for as .+nope\)$/)],
    ],
  ])("a data reference with %s", (_, reference, expected) => {
    const found = problems(`${step("version: a")}  data_references:\n    raw: ${reference}\n`);

    expect(found).toEqual(expected);
  });

  test("one destination for two outputs, or one that is a data reference", () => {
    const found = problems(
      `${step("outputs: {a: {destination: x}, b: {destination: x}, c: {destination: raw}}")}  data_references:\n    raw: {datastore: blob, path_on_datastore: r}\n`,
    );

    expect(found).toEqual([
      '7:55: destination "x" is the name of output a of step train already (choose another name)',
      '7:76: destination "raw" is the name of a data reference already (choose another name)',
    ]);
  });

  test("says everything at once, in the order of the lines", () => {
    const found = problems(step("version: [a]", "arguments: [input:x]", "banana: 1").replace("name: p", "nam: p"));

    expect(found.map((line) => line.split(":", 2).join(":"))).toEqual(["2:3", "7:16", "8:19", "9:7"]);
  });

  test("shows fifty problems and counts the others", () => {
    const found = problems(`${HEAD}  steps:\n${Array.from({ length: 80 }, (_, index) => `    s${index}: 1\n`).join("")}`);

    expect(found).toHaveLength(51);
    expect(found.at(-1)).toBe("and 30 more");
  });

  test("is refused when it is missing, a folder, too large or not text", () => {
    using folder = new TemporaryFolder();
    folder.write({ "large.yml": `# ${"x".repeat(1024 * 1024)}`, "dir/x": "" });
    const reading = (name: string) => () => readPipelineFile(name, folder.path);

    expect(reading("nope.yml")).toThrowError(expect.objectContaining({ details: ["nope.yml: is not there"] }));
    expect(reading("dir")).toThrowError(expect.objectContaining({ details: ["dir: is a folder; name the YAML file in it"] }));
    expect(reading("large.yml")).toThrowError(expect.objectContaining({ details: ["large.yml: has 1048578 bytes; 1048576 are the most"] }));
  });
});
