import { ApiClient } from "../sdk/client.ts";
import { type FoundWorkspace, findWorkspace } from "../sdk/find-workspace.ts";
import { shellWord } from "./shell-word.ts";
import { type Environment, type Terminal, type TextStream, terminalOf } from "./terminal.ts";

/** Options that every command takes. */
export interface GlobalOptions {
  readonly state?: string;
  readonly url?: string;
  readonly output?: "json" | "table";
}

/** The world as a command sees it. */
export interface Io {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly environment: Environment;
  readonly folder: string;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** What a command works with: data go to `out`, everything else to `err`. */
export interface CommandContext {
  readonly io: Io;
  readonly out: Terminal;
  readonly err: Terminal;
  readonly isJson: boolean;
  readonly options: GlobalOptions;
  /** What a user types to get here: hints are to be copied. */
  readonly command: string;
  /** @throws {UserError} when there is no workspace to call. */
  workspace(): FoundWorkspace;
  client(): ApiClient;
  /** Writes one JSON document. */
  json(value: unknown): void;
}

export function commandContext(options: GlobalOptions, io: Io): CommandContext {
  const out = terminalOf(io.stdout, io.environment);
  let found: FoundWorkspace | undefined;
  const workspace = (): FoundWorkspace =>
    (found ??= findWorkspace({ url: options.url, state: options.state, folder: io.folder, environment: io.environment }));
  return {
    io,
    out,
    err: terminalOf(io.stderr, io.environment),
    isJson: options.output === "json",
    options,
    command: commandOf(options, io),
    workspace,
    client: () => new ApiClient(workspace()),
    json: (value) => out.line(JSON.stringify(value, undefined, 2)),
  };
}

/** The command with the options by which it found its workspace, so that a hint reaches the same one. */
function commandOf({ state, url }: GlobalOptions, io: Io): string {
  const base = io.environment["npm_command"] === "exec" ? "npx penstock" : "penstock";
  return [
    base,
    ...(state === undefined ? [] : ["--state", shellWord(state)]),
    ...(url === undefined ? [] : ["--url", shellWord(url)]),
  ].join(" ");
}
