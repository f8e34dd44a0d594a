import { writeFileSync } from "node:fs";
import { ApiClient } from "../../sdk/client.ts";
import { cancelRun, listRuns } from "../../shared/api/routes/runs.ts";
import { until } from "../chaos/patience.ts";
import { runHostile } from "./hostile/run.ts";
import { fill } from "./known.ts";
import { type Options, opening, readOptions, USAGE } from "./options.ts";
import { Tally } from "./report.ts";
import { repositoryRoot } from "./repository-root.ts";
import { installSchemathesis } from "./schemathesis/install.ts";
import { runSchemathesis } from "./schemathesis/run.ts";
import { FuzzedWorkspace } from "./workspace.ts";

/** The part of all requests that no document describes. */
const HOSTILE_SHARE = 0.2;
/** What a pass makes for each case of an operation that it may try: there are 36 operations, and those without parameters have one case. */
const REQUESTS_PER_EXAMPLE = 33;

const MOST_PASSES = 20;
const END_MS = 120_000;

/** `npm run fuzz`. Exit code 1 when anything was answered as nothing may be. */
async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (!options) {
    console.log(USAGE);
    return 0;
  }
  const root = repositoryRoot();
  const command = installSchemathesis(root);
  console.log(opening(options));
  const workspace = await FuzzedWorkspace.start(root);
  const tally = new Tally(options);
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => {
      interrupted.abort();
      void workspace.stop().finally(() => process.exit(130));
    });
  try {
    await fuzz({ root, command, workspace, options, tally, signal: interrupted.signal });
  } finally {
    await workspace.stop();
  }
  const isWell = tally.close();
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(tally.report, null, 2)}\n`);
  return isWell ? 0 : 1;
}

interface Fuzzing {
  root: string;
  command: string;
  workspace: FuzzedWorkspace;
  options: Options;
  tally: Tally;
  signal: AbortSignal;
}

/** The first pass, which tries the edges of every schema, also warms the workspace up; what it holds then is what it may hold, and a little more. */
async function fuzz({ root, command, workspace, options, tally, signal }: Fuzzing): Promise<void> {
  const known = await fill(workspace);
  const { requests, seed } = options;
  const hostile = Math.round(requests * HOSTILE_SHARE);
  const byDocument = requests - hostile;
  tally.addPass(
    "edges of the schemas",
    await runSchemathesis({ command, root, workspace, known, phases: ["coverage"], examples: 1, seed, signal }),
  );
  tally.memoryBefore(await workspace.memory());
  tally.addHostile(await runHostile(workspace, known, { count: hostile, seed }));
  for (let pass = 0; tally.byDocument < byDocument && pass < MOST_PASSES && workspace.isAlive; pass++) {
    const examples = Math.max(1, Math.ceil((byDocument - tally.byDocument) / REQUESTS_PER_EXAMPLE));
    const phases = ["fuzzing", "stateful"] as const;
    tally.addPass("random values", await runSchemathesis({ command, root, workspace, known, phases, examples, seed: seed + pass, signal }));
  }
  if (!workspace.isAlive) return tally.find("the workspace ended");
  await endAllRuns(workspace);
  tally.memoryAfter(await workspace.memory());
  for (const bug of workspace.bugs()) tally.find(`the host's log has: ${bug.slice(0, 400)}`);
}

/** What was submitted waits for the node; the workspace is told to forget it, so that its memory is that of a workspace at rest. */
async function endAllRuns({ address, token }: FuzzedWorkspace): Promise<void> {
  const client = new ApiClient({ url: address, token });
  await until(
    async () => {
      const live = (await client.call(listRuns, { query: { limit: 1000 } })).body.runs.filter(({ endedAt }) => endedAt === undefined);
      for (const { id } of live) await client.call(cancelRun, { params: { runId: id } }).catch(() => undefined); // it may have ended just now
      return live.length === 0 || undefined;
    },
    "the end of all runs",
    END_MS,
    250,
  );
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  },
);
