import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Known } from "../known.ts";
import type { FuzzedWorkspace } from "../workspace.ts";
import { configuration } from "./config.ts";

/** What one pass of schemathesis came to. */
export interface Pass {
  statuses: Record<string, number>;
  operations: Record<string, number>;
  unanswered: string[];
  slowest: { ms: number; what: string };
  /** What it printed, when it found something. */
  findings: string | undefined;
}

/** Lines of a report are cut here: a request may have megabytes. */
const LINE_CHARACTERS = 400;
const SHOWN_LINES = 400;

export interface PassOptions {
  command: string;
  root: string;
  workspace: FuzzedWorkspace;
  known: Known;
  phases: readonly ("coverage" | "fuzzing" | "stateful")[];
  /** Cases of each operation and phase at the most. */
  examples: number;
  seed: number;
  /** Ends it. */
  signal: AbortSignal;
}

/** Runs schemathesis once over all operations. */
export async function runSchemathesis({ command, root, workspace, known, phases, examples, seed, signal }: PassOptions): Promise<Pass> {
  const { folder, address, token } = workspace;
  const [config, document, figures] = ["schemathesis.toml", "openapi.json", "figures.json"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  rmSync(figures, { force: true });
  writeFileSync(config, configuration(known));
  writeFileSync(document, await openApi(workspace));
  const { output, code } = await run(
    command,
    [
      ...["--config-file", config, "run", document, "--url", address, "--no-color"],
      ...["--phases", phases.join(","), "--checks", "all", "--mode", "all", "--suppress-health-check", "all"],
      // POST /api/snapshots answers with an id before there is a snapshot, and a run that is there need not have logs yet.
      ...["--exclude-checks", "ensure_resource_availability"],
      ...["--max-examples", String(examples), "--seed", String(seed)],
    ],
    {
      ...process.env,
      FUZZ_TOKEN: token,
      FUZZ_FIGURES: figures,
      SCHEMATHESIS_HOOKS: join(root, "test", "fuzz", "schemathesis", "hooks.py"),
    },
    { cwd: folder, signal },
  );
  // It writes figures whatever it found, unless it could not begin.
  if (!existsSync(figures)) throw new Error(`schemathesis ended with ${code}: ${shorten(output)}`);
  return { ...JSON.parse(readFileSync(figures, "utf8")), findings: code === 0 ? undefined : shorten(output.replaceAll(token, "…")) };
}

async function openApi({ address, token }: FuzzedWorkspace): Promise<string> {
  const response = await fetch(`${address}/api/openapi.json`, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`GET /api/openapi.json answered ${response.status}`);
  return await response.text();
}

function run(
  command: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  how: { cwd: string; signal: AbortSignal },
): Promise<{ output: string; code: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, ...how, stdio: ["ignore", "pipe", "pipe"] });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk) => chunks.push(chunk));
    child.stderr.on("data", (chunk) => chunks.push(chunk));
    child.once("error", reject);
    child.once("close", (code) => resolve({ output: Buffer.concat(chunks).toString("utf8"), code }));
  });
}

function shorten(output: string): string {
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  return lines
    .slice(0, SHOWN_LINES)
    .map((line) => (line.length > LINE_CHARACTERS ? `${line.slice(0, LINE_CHARACTERS)} … (${line.length} characters)` : line))
    .join("\n");
}
