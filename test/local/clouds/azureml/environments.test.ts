import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeWheel } from "./wheel.ts";
import { TestWorkspace, until, WORKSPACE } from "./workspace.ts";

const workspace = new TestWorkspace();
const { folders } = workspace;
const wheels = join(folders.root, "wheels");
const options = { pipArguments: ["--no-index", "--find-links", wheels], defaultImage: "this-machine" };
beforeAll(async () => {
  writeWheel(wheels, "greeting", "1.0", "WORD = 'hello from 1.0'\n");
  await workspace.start(options);
  await workspace.prepare();
});
afterAll(() => workspace.dispose());

async function environment(name: string, properties: Record<string, unknown>): Promise<Record<string, unknown>> {
  await workspace.arm("PUT", `/environments/${name}/versions/1`, { properties });
  return { environmentId: `${WORKSPACE}/environments/${name}/versions/1` };
}

function conda(...dependencies: unknown[]): string {
  return JSON.stringify({ name: "test", channels: ["conda-forge"], dependencies });
}

const pip = (...requirements: string[]) => conda({ pip: requirements });
const built = () => readdirSync(join(folders.state, "environments"));
const GREET = "python -c 'import greeting; print(greeting.WORD)'";

describe("an environment with pip packages", () => {
  test("is built once for each distinct content, as a phase with a log of its own", async () => {
    const first = await workspace.run("first", { ...(await environment("one", { condaFile: pip("greeting==1.0") })), command: GREET });
    const second = await workspace.run("second", { ...(await environment("two", { condaFile: pip("  greeting==1.0 ") })), command: GREET });

    expect([first.status, second.status]).toEqual(["Completed", "Completed"]);
    expect(folders.log("second")).toBe("hello from 1.0\n");
    expect(built()).toHaveLength(1);
    expect(workspace.told("first")).toContain("Preparing");
    expect(workspace.told("second")).not.toContain("Preparing");
    expect(readFileSync(folders.artifact("first", "azureml-logs/20_image_build_log.txt"), "utf8")).toContain(
      "Successfully installed greeting-1.0",
    );
    expect(Object.keys(first.logFiles)).toEqual(["azureml-logs/20_image_build_log.txt", "user_logs/std_log.txt"]);
    expect(Object.keys(second.logFiles)).toEqual(["user_logs/std_log.txt"]);
  });

  test("is built once for two jobs that want it at the same time, and both show its log", async () => {
    writeWheel(wheels, "shared", "1.0", "");
    const before = built().length;
    const shared = await environment("shared", { condaFile: pip("shared") });

    await Promise.all(["left", "right"].map((name) => workspace.run(name, { ...shared, command: "python -c 'import shared'" })));

    const [left, right] = ["left", "right"].map((name) =>
      readFileSync(folders.artifact(name, "azureml-logs/20_image_build_log.txt"), "utf8"),
    );
    expect(left).toContain("The environment is built");
    expect(right).toBe(left);
    expect(built()).toHaveLength(before + 1);
  });

  test("that cannot be had fails the job with pip's error and the log's end, and is tried again", async () => {
    const missing = await environment("missing", { condaFile: pip("not-yet-there") });

    const failed = await workspace.run("too-early", missing);
    writeWheel(wheels, "not_yet_there", "1.0", "");
    const later = await workspace.run("later", { ...missing, command: "python -c 'import not_yet_there'" });

    expect(failed).toMatchObject({ status: "Failed", error: { error: { code: "UserError", innerError: { code: "ImageBuildFailure" } } } });
    const [first, ...log] = failed.error.error.message.split("\n");
    expect(first).toBe("The environment could not be built: No matching distribution found for not-yet-there");
    expect(log.at(-1)).toBe("ERROR: No matching distribution found for not-yet-there");
    expect(later.status).toBe("Completed");
  });

  test("is not built for a job that was canceled meanwhile", async () => {
    writeWheel(wheels, "slow", "1.0", "", { setup: "import time, os\nopen('building','w').write('')\ntime.sleep(600)\n" });
    const before = built();
    await workspace.putJob("impatient", await environment("slow", { condaFile: pip("slow") }));
    const log = folders.artifact("impatient", "azureml-logs/20_image_build_log.txt");
    await until(() => /Processing/.test(readIfThere(log)));

    await workspace.arm("POST", "/jobs/impatient/cancel");
    await workspace.ended("impatient");

    expect(await workspace.status("impatient")).toBe("Canceled");
    await until(() => built().length === before.length);
  });

  test("goes on being wanted after the server stopped while it was built", async () => {
    await workspace.putJob("patient", { ...(await environment("slow", { condaFile: pip("slow") })), command: "python -c 'import slow'" });
    await until(() => /Processing/.test(readIfThere(folders.artifact("patient", "azureml-logs/20_image_build_log.txt"))));

    await workspace.stop(true);
    rmSync(join(wheels, "slow-1.0.tar.gz"));
    writeWheel(wheels, "slow", "1.0", "");
    await workspace.start(options);
    await workspace.ended("patient");

    expect((await workspace.details("patient")).error).toBeNull();
  });
});

describe("what a laptop cannot honour", () => {
  test("is named in warnings", async () => {
    const properties = { image: "mcr.microsoft.com/base:1", condaFile: conda("python=2.4", "numpy=1.20", "pip", { pip: [] }) };

    const details = await workspace.run("warned", { ...(await environment("odd", properties)), resources: { instanceCount: 2 } });

    expect(details.status).toBe("Completed");
    const messages = details.warnings.map((warning: { message: string }) => warning.message).join("\n");
    for (const thing of ["mcr.microsoft.com/base:1", "'python=2.4'", "numpy=1.20", "conda-forge", "instanceCount 2"])
      expect(messages).toContain(thing);
    expect(details.warnings).toHaveLength(5);
  });

  test("is not the default image, nor a channel that nothing would come from, nor a bound that Python keeps", async () => {
    const properties = { image: "this-machine", condaFile: conda("python>=3.8, <4", "pip") };

    const details = await workspace.run("unwarned", await environment("usual", properties));

    expect(details.warnings).toEqual([]);
  });

  test("is a Python out of the bounds that are asked for", async () => {
    const details = await workspace.run("out-of-bounds", await environment("old", { condaFile: conda("python<3.8") }));

    expect(details.warnings).toMatchObject([{ message: expect.stringContaining("'python<3.8'") }]);
  });

  test("is not a conda file that is none: that fails the job", async () => {
    const details = await workspace.run("not-conda", await environment("not-conda", { condaFile: "- a list" }));

    expect(details.error.error).toMatchObject({
      innerError: { code: "ImageBuildFailure" },
      message: expect.stringContaining("must be a mapping"),
    });
  });
});

test("the Python version that an environment names is used if it is installed", async () => {
  const version = execFileSync("python3", ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"], { encoding: "utf8" }).trim();

  const details = await workspace.run("versioned", {
    ...(await environment("versioned", { condaFile: JSON.stringify({ dependencies: [`python=${version}`] }) })),
    command: "python -c 'import sys; print(\"%d.%d\" % sys.version_info[:2])'",
  });

  expect(details.warnings).toEqual([]);
  expect(folders.log("versioned")).toBe(`${version}\n`);
});

test("a machine without Python runs what needs none, and says what is missing", async () => {
  const bare = new TestWorkspace();
  await bare.start({ python: "/no/python" });
  await bare.prepare();

  const details = await bare.run("no-python", {});

  expect(details.error.error.message).toContain("'/no/python' is no Python interpreter");
  await bare.dispose();
});

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
