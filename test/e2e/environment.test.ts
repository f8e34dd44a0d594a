import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { submitFile } from "../../sdk/submit.ts";
import { getLog, listLogs } from "../../shared/api/routes/run-content.ts";
import { getRun, listSteps } from "../../shared/api/routes/runs.ts";
import type { RunId } from "../../shared/domain/ids.ts";
import { writeWheel } from "../local/clouds/azureml/wheel.ts";
import { aStateFolder, removeFolder, startWorkspace, type TestWorkspace, until } from "../support/workspace.ts";

const BUILD_LOG = "azureml-logs/20_image_build_log.txt";
const PRINT_LOG = "user_logs/std_log.txt";

let workspace: TestWorkspace;
let folder: string;
let wheels: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "penstock-environments-"));
  wheels = join(folder, "wheels");
  writeWheel(wheels, "greeting", "1.0", "WORD = 'hello from 1.0'\n");
  workspace = await startWorkspace(await aStateFolder(), ["--no-sample"], {
    PENSTOCK_LOCAL_PIP_ARGUMENTS: `--no-index --find-links ${wheels}`,
  });
}, 30_000);
afterAll(async () => {
  await workspace?.end();
  await removeFolder(workspace.stateFolder);
  await removeFolder(folder);
});

/** Submits a pipeline of one step whose run configuration says this of its environment. `conda` is a conda file's `dependencies`. */
async function submit(command: string, { conda, image }: { conda?: unknown[]; image?: string }): Promise<{ run: RunId; step: RunId }> {
  const name = crypto.randomUUID();
  const environment = {
    ...(conda && { python: { condaDependencies: { channels: ["conda-forge"], dependencies: conda } } }),
    ...(image && { docker: { baseImage: image } }),
  };
  const step = { type: "CommandStep", runconfig: `${name}.runconfig`, command };
  writeFileSync(join(folder, `${name}.runconfig`), JSON.stringify({ environment }));
  writeFileSync(join(folder, `${name}.yml`), JSON.stringify({ pipeline: { name: "environments", steps: { only: step } } }));
  const { run } = await submitFile(workspace.client, join(folder, `${name}.yml`));
  const { body } = await workspace.client.call(listSteps, { params: { runId: run.id } });
  return { run: run.id, step: body.steps[0]?.runId as RunId };
}
async function statusOf({ run }: { run: RunId }) {
  return (await workspace.client.call(listSteps, { params: { runId: run } })).body.steps[0]?.status;
}
async function settled({ run, step }: { run: RunId; step: RunId }) {
  const pipelineRun = await until(
    async () => {
      const { body } = await workspace.client.call(getRun, { params: { runId: run } });
      return ["Completed", "Failed", "Canceled"].includes(body.status) ? body : undefined;
    },
    "the run to settle",
    60,
  );
  return { run: pipelineRun, step: (await workspace.client.call(getRun, { params: { runId: step } })).body };
}
async function read(runId: RunId, path: string, from = 0) {
  const { body, headers } = await workspace.client.call(getLog, { params: { runId }, query: { path, from, waitSeconds: 10 } });
  return { text: Buffer.from(body).toString("utf8"), end: from + body.length, isComplete: headers.get("x-log-complete") === "true" };
}
/** Follows a log by long polls until a text is in it. @returns all of it so far. */
async function follow(runId: RunId, path: string, wanted: string, begun = "", from = 0): Promise<{ text: string; end: number }> {
  const part = await until(() => read(runId, path, from).catch(() => undefined), `${path} to begin`);
  const text = begun + part.text;
  if (text.includes(wanted)) return { text, end: part.end };
  if (part.isComplete) throw new Error(`${path} ended without ${JSON.stringify(wanted)}:\n${text}`);
  return await follow(runId, path, wanted, text, part.end);
}
async function logPaths(runId: RunId): Promise<string[]> {
  return (await workspace.client.call(listLogs, { params: { runId } })).body.files.map(({ path }) => path);
}

/** A source archive whose build goes on only when the file `gate` is there. */
function writeGatedPackage(name: string, gate: string): void {
  const setup = `
import os, time, zipfile
def build_wheel(folder, config_settings=None, metadata_directory=None):
    while not os.path.exists(${JSON.stringify(gate)}):
        time.sleep(0.02)
    file, info = "${name}-1.0-py3-none-any.whl", "${name}-1.0.dist-info"
    with zipfile.ZipFile(os.path.join(folder, file), "w") as wheel:
        wheel.writestr("${name}.py", "WORD = 'built at last'")
        wheel.writestr(info + "/METADATA", "Metadata-Version: 2.1\\nName: ${name}\\nVersion: 1.0\\n")
        wheel.writestr(info + "/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "/RECORD", "")
    return file
`;
  writeWheel(wheels, name, "1.0", "", { setup });
}

const printWord = (module: string) => `python -c 'import ${module}; print(${module}.WORD)'`;
const PRINT_VERSION = `python -c 'import sys; print("%d.%d" % sys.version_info[:2])'`;

describe("a step whose run configuration lists pip packages", () => {
  test("waits in Preparing while they are installed, with the log to be followed; the next run has them at once", async () => {
    const gate = join(folder, "gate");
    writeGatedPackage("gated", gate);

    const first = await submit(printWord("gated"), { conda: [{ pip: ["gated==1.0", "greeting"] }] });
    const early = await follow(first.step, BUILD_LOG, "gated-1.0.tar.gz");
    await until(async () => (await statusOf(first)) === "Preparing" || undefined, "the step to be shown as Preparing");
    writeFileSync(gate, "");
    const whole = await follow(first.step, BUILD_LOG, "The environment is built", early.text, early.end);
    const done = await settled(first);
    // In another order it is the same environment.
    const second = await submit(printWord("greeting"), { conda: [{ pip: ["greeting", "gated==1.0"] }] });
    const again = await settled(second);

    expect(whole.text).toMatch(/Successfully installed .*gated-1\.0/);
    expect([done.run.status, again.run.status]).toEqual(["Completed", "Completed"]);
    expect((await read(first.step, PRINT_LOG)).text).toBe("built at last\n");
    expect((await read(second.step, PRINT_LOG)).text).toBe("hello from 1.0\n");
    expect(await logPaths(first.step)).toEqual([BUILD_LOG, PRINT_LOG]);
    expect(await logPaths(second.step)).toEqual([PRINT_LOG]);
    expect([done.step.warnings, again.step.warnings]).toEqual([[], []]);
  }, 60_000);

  test("fails in that phase when one cannot be had, with the log's last lines and what to do, and never starts", async () => {
    const started = join(folder, "started");

    const ended = await settled(await submit(`touch ${started}`, { conda: [{ pip: ["greeting", "no-such-thing>=2"] }] }));

    expect([ended.run.status, ended.step.status]).toEqual(["Failed", "Failed"]);
    expect(ended.run.failure).toMatchObject({ step: "only", code: "ImageBuildFailure" });
    expect(ended.step.failure?.cause).toMatch(/^The environment could not be built: No matching distribution found for no-such-thing>=2\n/);
    expect(ended.step.failure?.cause).toMatch(/ERROR: No matching distribution found for no-such-thing>=2$/);
    expect(ended.run.failure?.remedy).toContain("check the names and versions of the environment's pip packages");
    expect(ended.step.failure).not.toHaveProperty("exitCode");
    expect((await read(ended.step.id, BUILD_LOG)).isComplete).toBe(true);
    expect(existsSync(started)).toBe(false);
  }, 60_000);

  test("is built at the next try, when the package has come since", async () => {
    const conda = [{ pip: ["comes-later"] }];
    const early = await settled(await submit("true", { conda }));
    writeWheel(wheels, "comes_later", "1.0", "WORD = 'here now'\n");

    const later = await settled(await submit(printWord("comes_later"), { conda }));

    expect([early.run.status, later.run.status]).toEqual(["Failed", "Completed"]);
  }, 60_000);
});

describe("what a laptop cannot give", () => {
  test("is named in the warnings of the step run and, with the step's key, of the pipeline run, and the step runs", async () => {
    const ended = await settled(
      await submit("true", { image: "registry.example/base:1", conda: ["python=3", "numpy=1.26", "cudatoolkit", "pip"] }),
    );

    expect(ended.run.status).toBe("Completed");
    const warnings = ended.step.warnings.join("\n");
    for (const thing of ["registry.example/base:1", "numpy=1.26", "cudatoolkit", "conda-forge"]) expect(warnings).toContain(thing);
    expect(ended.step.warnings).toHaveLength(4);
    expect(ended.run.warnings).toEqual(ended.step.warnings.map((warning) => `only: ${warning}`));
  }, 30_000);

  test("is named also when the environment could not be built", async () => {
    const ended = await settled(
      await submit("true", { image: "registry.example/base:1", conda: ["cudatoolkit", { pip: ["no-such-thing"] }] }),
    );

    expect(ended.run.status).toBe("Failed");
    for (const thing of ["registry.example/base:1", "cudatoolkit"]) expect(ended.run.warnings.join("\n")).toContain(thing);
  }, 60_000);

  test("is not worth a word when nothing was asked for", async () => {
    const ended = await settled(await submit("true", {}));

    expect([ended.run.warnings, ended.step.warnings]).toEqual([[], []]);
  }, 30_000);
});

describe("the Python version of a conda file", () => {
  const other = anotherPython();

  test.skipIf(other === undefined)(
    `is used where it is installed, as ${other} is here`,
    async () => {
      const ended = await settled(await submit(PRINT_VERSION, { conda: [`python=${other}`] }));

      expect((await read(ended.step.id, PRINT_LOG)).text).toBe(`${other}\n`);
      expect(ended.step.warnings).toEqual([]);
    },
    30_000,
  );

  test("that is not installed is warned of, and the Python that is there is used", async () => {
    const ended = await settled(await submit(PRINT_VERSION, { conda: ["python=3.99"] }));

    expect(ended.run.status).toBe("Completed");
    expect((await read(ended.step.id, PRINT_LOG)).text).toBe(`${versionOf("python3")}\n`);
    expect(ended.step.warnings).toEqual([expect.stringMatching(/'python=3\.99' could not be found.*runs on Python 3\./)]);
  }, 30_000);
});

/** Such as `3.12`; undefined for what is no Python 3. */
function versionOf(program: string): string | undefined {
  try {
    const args = ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"];
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}

/** A version that this machine has beside its default one, on PATH or by pyenv. */
function anotherPython(): string | undefined {
  const versions = join(process.env["PYENV_ROOT"] ?? join(homedir(), ".pyenv"), "versions");
  const ofPyenv = existsSync(versions) ? readdirSync(versions).map((name) => join(versions, name, "bin", "python")) : [];
  const onPath = ["3.14", "3.13", "3.12", "3.11", "3.10", "3.9"].map((version) => `python${version}`);
  const standard = versionOf("python3");
  const found = [...onPath, ...ofPyenv].map(versionOf);
  return found.find((version) => version !== undefined && version !== standard && /^3\.(9|\d\d)$/.test(version));
}
