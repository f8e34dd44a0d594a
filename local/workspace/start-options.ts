import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import type { StorageKind } from "./storage.ts";

/** What `npm start` was asked for. */
export interface StartOptions {
  /** Absolute. */
  stateFolder: string;
  port: number | undefined;
  once: boolean;
  sample: boolean;
  /** Absent: as the workspace did so far. */
  storage: StorageKind | undefined;
}

/** Reads the command line; prints help or what is wrong with it and leaves the process, as commander does. */
export function readStartOptions(argv: string[], version: string): StartOptions {
  const command = new Command("npm start --")
    .description(
      "Starts a local Penstock workspace: the Functions host with the app, and the stand-ins for Azure's services.\nIn an empty workspace it runs samples/iris and shows it live. Then it stays up until Ctrl-C.",
    )
    .version(version)
    .option("--state <folder>", "folder that holds everything the workspace keeps", ".penstock")
    .option(
      "--port <number>",
      "port of the API on 127.0.0.1; kept with the state folder (default: the one of last time, else 7071)",
      toPort,
    )
    .addOption(
      new Option(
        "--storage <kind>",
        "where blobs are kept: local = plain folders in the state folder; azurite = Azurite, with the storage SDK as in Azure (default: as the workspace did so far, else local)",
      ).choices(["local", "azurite"]),
    )
    .option("--once", "run the sample, then stop; exit code 0 only if the run completed")
    .option("--no-sample", "run no sample in an empty workspace")
    .addHelpText(
      "after",
      "\nBeside it, in another terminal:\n  npx penstock run submit samples/iris/pipeline.yml --watch\n  npx penstock run list\n  npx penstock --help\n\nTo begin anew, stop it and delete the state folder.",
    )
    .configureOutput({ outputError: (text, write) => write(text) })
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  const options = command
    .parse(argv, { from: "user" })
    .opts<{ state: string; port?: number; once?: boolean; sample: boolean; storage?: StorageKind }>();
  // npm runs scripts in the package's folder: a relative path means the folder that the person is in.
  const stateFolder = resolve(process.env["INIT_CWD"] ?? process.cwd(), options.state);
  return { stateFolder, port: options.port, once: options.once ?? false, sample: options.sample, storage: options.storage };
}

function toPort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1024 || port > 65_535) throw new InvalidArgumentError("a port is a number from 1024 to 65535");
  return port;
}
