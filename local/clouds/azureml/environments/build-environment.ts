import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "../jobs/job-environment.ts";
import { MARKER_VARIABLE } from "../jobs/job-environment.ts";
import { ProcessTree } from "../jobs/process-tree.ts";
import type { EnvironmentFolder } from "./environment-folder.ts";
import type { Interpreter } from "./interpreters.ts";

const LAST_LINES = 12;
/** pip lists every version there is in one line. */
const LINE_CHARACTERS = 300;

export interface BuildOrder {
  folder: EnvironmentFolder;
  marker: string;
  interpreter: Interpreter;
  requirements: readonly string[];
  pipArguments: readonly string[];
  environment: Environment;
  /** Where the output of the build goes, as it comes. */
  log: string;
}

/** @throws {Error} with the last lines of the log, when pip cannot have the packages; when `signal` aborts. */
export async function buildEnvironment(order: BuildOrder, signal: AbortSignal): Promise<void> {
  const { folder, interpreter, requirements, pipArguments } = order;
  await folder.begin(order.marker);
  const log = openSync(order.log, "a");
  try {
    writeSync(log, `Building an environment of Python ${interpreter.version} with ${requirements.length} requirements\n`);
    writeFileSync(folder.requirements, `${requirements.join("\n")}\n`);
    const python = join(folder.venv, "bin", "python");
    // An interpreter with a pip of today installs from outside, which spares the seconds that a pip in each environment costs.
    await run(interpreter.executable, ["-m", "venv", ...(interpreter.hasPip ? ["--without-pip"] : []), folder.venv], order, log, signal);
    const pip = interpreter.hasPip ? [interpreter.executable, "-m", "pip", "--python", python] : [python, "-m", "pip"];
    const [program = python, ...before] = pip;
    const quiet = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--no-warn-script-location"];
    await run(program, [...before, "install", ...quiet, ...pipArguments, "-r", folder.requirements], order, log, signal);
    folder.ready({ python: interpreter.version, requirements });
    writeSync(log, "The environment is built\n");
  } catch (error) {
    await folder.remove();
    throw error;
  } finally {
    closeSync(log);
  }
}

async function run(program: string, args: readonly string[], order: BuildOrder, log: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const env = { ...order.environment, [MARKER_VARIABLE]: order.marker };
  const child = spawn(program, args, { env, detached: true, stdio: ["ignore", log, log] });
  let ended: Promise<unknown> = Promise.resolve();
  const end = () => {
    ended = new ProcessTree(order.marker).end(500);
  };
  signal.addEventListener("abort", end, { once: true });
  try {
    const [code, signalName] = await once(child, "exit");
    await ended;
    signal.throwIfAborted();
    if (code !== 0) throw new Error(buildFailure(order.log, signalName ?? `status ${code}`));
  } finally {
    signal.removeEventListener("abort", end);
  }
}

/** The first line says it all in short: the last of pip's errors, or how it ended when it gave none. */
function buildFailure(log: string, cause: string): string {
  const all = readFileSync(log, "utf8").trimEnd().split("\n");
  const lines = all.slice(-LAST_LINES).map((line) => (line.length > LINE_CHARACTERS ? `${line.slice(0, LINE_CHARACTERS)}…` : line));
  const error = lines.findLast((line) => line.startsWith("ERROR: "))?.slice("ERROR: ".length);
  const reason = error ?? `pip or venv ended with ${cause}`;
  return `The environment could not be built: ${reason}\nThe log azureml-logs/20_image_build_log.txt ends:\n${lines.join("\n")}`;
}
