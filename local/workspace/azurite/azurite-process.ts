import { type ChildProcess, fork } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { HostLog } from "../../host/contract.ts";
import { StartError } from "../start-error.ts";
import { AZURITE_VERSION } from "./server.ts";

const Said = z.union([z.object({ ready: z.literal(true) }), z.object({ error: z.string() })]);

export interface AzuriteProcess {
  /** Has it write everything to disk and end; kills it when that takes longer than `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

export interface AzuriteProcessOptions {
  folder: string;
  port: number;
  account: { name: string; key: string };
}

/**
 * Runs Azurite in a process of its own, whose memory and saves do not hold up this one, and starts it again when it dies. In a process group of
 * its own, so that Ctrl-C reaches this process alone. The key goes by message.
 * @throws {StartError}
 */
export async function startAzuriteProcess(
  options: AzuriteProcessOptions,
  { log, logFile }: { log: HostLog; logFile: string },
): Promise<AzuriteProcess> {
  let stopping = false;
  let child = spawnAzurite(logFile);
  await configure(child, options);
  watch();

  function watch(): void {
    child.once("exit", (code, signal) => {
      if (stopping) return;
      log("error", "Azurite ended; it is started again", { code, signal });
      child = spawnAzurite(logFile);
      watch();
      configure(child, options).catch((error: Error) => log("error", "Azurite could not be started again", { cause: error.message }));
    });
  }
  return {
    async stop(graceMs) {
      stopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
      if (child.connected) child.send({ stop: true });
      else child.kill("SIGTERM");
      await ended;
      clearTimeout(timer);
    },
  };
}

function spawnAzurite(logFile: string): ChildProcess {
  const entry = fileURLToPath(new URL("./azurite/main.js", import.meta.url));
  const output = openSync(logFile, "a", 0o600);
  try {
    return fork(entry, [], {
      detached: true,
      stdio: ["ignore", output, output, "ipc"],
      execArgv: ["--disable-warning=ExperimentalWarning", "--disable-warning=DEP0040"],
    });
  } finally {
    closeSync(output); // the child has its own
  }
}

function configure(child: ChildProcess, options: AzuriteProcessOptions): Promise<void> {
  const failed = (why: string) =>
    new StartError(
      `Azurite ${AZURITE_VERSION} did not start on port ${options.port}, which this workspace's blobs keep: ${why}`,
      "end the program that holds the port or the folder, or see logs/azurite.log in the state folder",
    );
  return new Promise((resolve, reject) => {
    const onExit = () => reject(failed("its process ended"));
    child.once("exit", onExit);
    child.on("message", (message) => {
      const said = Said.safeParse(message).data;
      if (!said) return;
      child.off("exit", onExit);
      if ("error" in said) reject(failed(said.error));
      else resolve();
    });
    child.send(options);
  });
}
