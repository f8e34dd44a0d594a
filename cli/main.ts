#!/usr/bin/env node
import process from "node:process";
import { runCli } from "./run-cli.ts";

const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());
// `penstock run list | head` closes the pipe early, which is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

process.exitCode = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  folder: process.cwd(),
  signal: interrupt.signal,
});
