import type { RunResource } from "../../shared/api/resources.ts";
import type { LoadRequest, LoadResult } from "../helpers/load.ts";
import { Helper } from "../support/helper.ts";
import { holdSlots } from "../support/hold-slots.ts";
import { shStep, stepsOf, submission } from "../support/pipelines.ts";
import { timeRun } from "../support/time-run.ts";
import { untilQuiet } from "../support/until-quiet.ts";
import type { BenchWorkspace } from "../support/workspace.ts";

export interface Ran {
  /** Steps or requests. */
  units: number;
  milliseconds: number;
}

/** What is profiled. */
export interface Scenario {
  /** What the table counts by. */
  unit: "step" | "request";
  /** Brings the workspace to working temperature. */
  warm(workspace: BenchWorkspace): Promise<unknown>;
  run(workspace: BenchWorkspace): Promise<Ran>;
}

const CALLERS = 32;

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  chain: runsOf("chain", 100, 3),
  fan: runsOf("fan", 202, 2),
  one: runsOf("chain", 1, 50),
  submit: {
    unit: "request",
    async warm(workspace) {
      await holdSlots(workspace);
      await submits(workspace, 500);
      await untilQuiet(() => workspace.processes());
    },
    run: (workspace) => submits(workspace, 2000),
  },
  status: { unit: "request", warm: (workspace) => statuses(workspace, 2000), run: (workspace) => statuses(workspace, 20_000) },
};

function runsOf(shape: "chain" | "fan", steps: number, runs: number): Scenario {
  const body = submission(stepsOf(shape, steps));
  const runAll = async ({ http }: BenchWorkspace) => {
    let milliseconds = 0;
    for (let n = 0; n < runs; n++) milliseconds += await timeRun(http, body);
    return { units: steps * runs, milliseconds };
  };
  return { unit: "step", warm: runAll, run: runAll };
}

function submits(workspace: BenchWorkspace, requests: number): Promise<Ran> {
  return load(workspace, { method: "POST", path: "/api/runs", body: submission([shStep("only")]) }, requests);
}

async function statuses(workspace: BenchWorkspace, requests: number): Promise<Ran> {
  await timeRun(workspace.http, submission([shStep("only")]));
  const { runs } = await workspace.http.json<{ runs: RunResource[] }>("GET", "/api/runs?limit=1");
  return await load(workspace, { method: "GET", path: `/api/runs/${runs[0]?.id}` }, requests);
}

/** As many callers as the bench has. */
async function load({ port, file }: BenchWorkspace, ask: Pick<LoadRequest, "method" | "path" | "body">, requests: number): Promise<Ran> {
  const helper = new Helper("load");
  try {
    const headers = { authorization: `Bearer ${file.token}` };
    const request: LoadRequest = { ...ask, port, headers, connections: CALLERS, until: { requests } };
    const result = await helper.ask<LoadResult>(request);
    return { units: result.requests, milliseconds: result.seconds * 1000 };
  } finally {
    await helper.end();
  }
}
