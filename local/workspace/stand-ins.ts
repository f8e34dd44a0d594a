import { type ChildProcess, fork } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { HostLog } from "../host/contract.ts";
import { StartError } from "./start-error.ts";

/** What the process of the stand-ins says once it answers. */
const Ready = z.object({ ready: z.literal(true), address: z.url(), liveJobs: z.int() }).loose();
const Refused = z.object({ error: z.string() }).loose();

/** Between a death and the next start, in milliseconds: doubled each time, so that what cannot start does not fill the disk with trying. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 30_000;

export interface StandIns {
  /** As `http://127.0.0.1:7072`. */
  readonly address: string;
  /** Jobs of former starts that have not ended. */
  readonly liveJobs: number;
  /** Lets jobs of former starts go on that wait; they call the app. */
  startWaiting(): void;
  /**
   * Ends the process; kills it when that takes longer than `graceMs`. `preempt`: running jobs are ended and queued again for the next
   * start; otherwise they run on and are taken over there.
   */
  stop(graceMs: number, how: { preempt: boolean }): Promise<void>;
}

/**
 * Runs all stand-ins for cloud services in one process of their own and starts it again when it dies. Its configuration holds secrets and
 * goes by message, never by arguments. In a process group of its own, so that Ctrl-C reaches this process alone, which then decides.
 */
export async function startStandIns(
  config: Record<string, unknown>,
  { log, logFile }: { log: HostLog; logFile: string },
): Promise<StandIns> {
  let stopping = false;
  let mayStart = false;
  let deaths = 0;
  let child = spawnStandIns(logFile);
  const { address, liveJobs } = await configure(child, config);
  const port = Number(new URL(address).port);
  watch();

  function watch(): void {
    child.once("exit", (code, signal) => {
      if (stopping) return;
      const waitMs = Math.min(FIRST_WAIT_MS * 2 ** deaths++, LONGEST_WAIT_MS);
      log("error", `the stand-ins ended; they are started again in ${waitMs / 1000} s (see ${logFile})`, { code, signal });
      setTimeout(startAgain, waitMs).unref();
    });
  }
  function startAgain(): void {
    if (stopping) return;
    child = spawnStandIns(logFile);
    watch();
    configure(child, { ...config, port }).then(
      (again) => {
        if (mayStart) child.send({ startWaiting: true });
        setTimeout(() => (deaths = 0), LONGEST_WAIT_MS).unref();
        // The app holds the old address in its settings: going on would be a workspace that runs nothing and says nothing.
        if (again.address !== address)
          log("error", `the stand-ins lost port ${port} to another program; stop this workspace and start it again`);
      },
      (error: Error) => log("error", "the stand-ins could not be started again", { cause: error.message }),
    );
  }
  return {
    address,
    liveJobs,
    startWaiting() {
      mayStart = true;
      if (child.connected) child.send({ startWaiting: true });
    },
    async stop(graceMs, { preempt }) {
      stopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
      if (child.connected) child.send({ stop: true, preempt });
      else child.kill("SIGTERM");
      await ended;
      clearTimeout(timer);
    },
  };
}

function spawnStandIns(logFile: string): ChildProcess {
  const entry = fileURLToPath(new URL("./clouds/main.js", import.meta.url));
  const output = openSync(logFile, "a", 0o600);
  try {
    return fork(entry, [], {
      detached: true,
      stdio: ["ignore", output, output, "ipc"],
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
  } finally {
    closeSync(output); // the child has its own
  }
}

function configure(child: ChildProcess, config: Record<string, unknown>): Promise<z.output<typeof Ready>> {
  return new Promise((resolve, reject) => {
    const onExit = () =>
      reject(new StartError("the stand-ins ended while they started", "logs/stand-ins.log in the state folder has the details"));
    child.once("exit", onExit);
    child.on("message", (message) => {
      const ready = Ready.safeParse(message);
      const refused = Refused.safeParse(message);
      if (!ready.success && !refused.success) return;
      child.off("exit", onExit);
      if (ready.success) resolve(ready.data);
      else
        reject(
          new StartError(refused.data?.error ?? "the stand-ins could not start", "logs/stand-ins.log in the state folder has the details"),
        );
    });
    child.send(config);
  });
}
