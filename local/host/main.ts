import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import type { Host } from "./host.ts";
import { PortInUseError, SettingsError, StateError, StateInUseError, SystemError, startHost } from "./host.ts";

interface Arguments {
  app: string;
  state: string;
  port?: number;
  enforceKeys: boolean;
}

const command = new Command("functions-host")
  .description("Runs an Azure Functions v4 app for Node.js on this machine, on loopback only.")
  .requiredOption("--app <folder>", "the app: the folder with package.json and host.json, built")
  .requiredOption("--state <folder>", "where the host keeps what must outlive it; made if it is not there")
  .option("--port <number>", "port to listen on; 0 takes a free one (default: Host.LocalHttpPort of local.settings.json, else 7071)", port)
  .option("--enforce-keys", "ask callers for the keys that functions want, as Azure does", false)
  .action(run);

function port(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError("It is a number from 0 to 65535.");
  return Number(text);
}

async function run({ app, state, port, enforceKeys }: Arguments): Promise<void> {
  const host = await startHost({ appRoot: app, stateFolder: state, enforceKeys, ...(port === undefined ? {} : { port }) });
  const keyFile = join(state, "master-key");
  writeFileSync(keyFile, `${host.keys.master}\n`, { mode: 0o600 });
  process.stdout.write(`The host answers at ${host.address}. The key for /admin and /runtime is in ${keyFile}.\n`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void stop(host));
}

async function stop(host: Host): Promise<void> {
  await host.stop();
  process.exit(0);
}

/** These say all there is to say; of anything else the stack is wanted. */
function isExpected(error: unknown): error is Error {
  return [PortInUseError, StateInUseError, StateError, SettingsError, SystemError].some((kind) => error instanceof kind);
}

try {
  await command.parseAsync();
} catch (error) {
  if (!isExpected(error)) throw error;
  const cause = error.cause instanceof Error && error instanceof SystemError ? `\n${error.cause.stack ?? ""}` : "";
  process.stderr.write(`${error.message}${cause}\n`);
  process.exit(1);
}
