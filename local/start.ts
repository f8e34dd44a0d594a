import { setTimeout as delay } from "node:timers/promises";
import { reportError } from "./workspace/report-error.ts";
import { runSample } from "./workspace/sample.ts";
import { readStartOptions } from "./workspace/start-options.ts";
import { startWorkspace } from "./workspace/start-workspace.ts";
import { findRunning } from "./workspace/workspace-files.ts";

/** How long a stop may take before what is left is killed, in milliseconds: Ctrl-C ends within 2 s. */
const STOP_MS = 1500;

/** `npm start`: a workspace on this machine, until Ctrl-C. */
async function main(): Promise<number> {
  const options = readStartOptions(process.argv.slice(2), "0.1.0");
  const running = await findRunning(options.stateFolder);
  if (running) {
    console.log(`Penstock already runs on ${options.stateFolder}: ${running.address} (process ${running.pid})`);
    if (!options.once) return 0;
    console.error("--once starts a workspace of its own: stop that one, or name another folder with --state.");
    return 1;
  }
  const interrupted = new AbortController();
  let signals = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (++signals > 2) process.exit(130);
      interrupted.abort();
    });
  }
  const workspace = await startWorkspace(options, interrupted.signal);
  let exitCode = 0;
  try {
    const outcome = interrupted.signal.aborted ? undefined : await runSample(workspace, options, interrupted.signal);
    if (options.once) exitCode = outcome === "Completed" ? 0 : interrupted.signal.aborted ? 130 : 1;
    else if (!interrupted.signal.aborted) await untilAborted(interrupted.signal);
  } finally {
    if (process.stderr.isTTY) process.stderr.write("\nStopping; running jobs go on at the next start.\n");
    await Promise.race([workspace.stop(STOP_MS - 200), delay(STOP_MS, undefined, { ref: false })]);
  }
  return exitCode;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

try {
  process.exit(await main());
} catch (error) {
  process.exit(reportError(error));
}
