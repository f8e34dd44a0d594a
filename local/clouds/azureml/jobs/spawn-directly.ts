import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import type { LaunchedProcess, LaunchOrder, ProcessEnd } from "./launcher.ts";

/** Starts a process from this one. @throws {Error} when the system cannot start it. */
export async function spawnDirectly({ argv, cwd, environment, log }: LaunchOrder): Promise<LaunchedProcess> {
  const [program, ...args] = argv;
  const file = openSync(log, "a", 0o644);
  try {
    const child = spawn(program, args, { cwd, env: environment, detached: true, stdio: ["ignore", file, file] });
    child.unref();
    if (child.pid === undefined) throw await new Promise((resolve) => child.once("error", resolve));
    const ended = new Promise<ProcessEnd>((resolve) => {
      child.once("exit", (code, name) => resolve(code === null ? { kind: "signal", name: String(name) } : { kind: "exit", code }));
    });
    return { pid: child.pid, ended };
  } finally {
    closeSync(file);
  }
}
