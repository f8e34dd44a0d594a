import { setTimeout as delay } from "node:timers/promises";
import type { SubmitRunBody } from "../../shared/api/requests.ts";
import type { RunResource, StepList } from "../../shared/api/resources.ts";
import type { Caller } from "./caller.ts";

type Step = SubmitRunBody["pipeline"]["steps"][number];

export function aStep(key: string, runAfter: string[] = [], command = "true"): Step {
  return { type: "CommandStep", key, command: [command], runAfter, allowReuse: false };
}

export function aRun(steps: Step[], displayName: string): SubmitRunBody {
  return { experimentName: "load", displayName, pipeline: { steps } };
}

export async function submit(caller: Caller, body: SubmitRunBody, key: string): Promise<string> {
  const run = await caller.json<RunResource>({ method: "POST", path: "runs", json: body, headers: { "idempotency-key": key } }, 202);
  return run.id;
}

/** Every run of the workspace, through all pages. */
export async function allRuns(caller: Caller): Promise<RunResource[]> {
  const runs: RunResource[] = [];
  for (let cursor: string | undefined, more = true; more; ) {
    const query = cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page = await caller.json<{ runs: RunResource[]; cursor?: string }>({ path: `runs?limit=100${query}` });
    runs.push(...page.runs);
    cursor = page.cursor;
    more = cursor !== undefined;
  }
  return runs;
}

export const stepsOf = (caller: Caller, runId: string) => caller.json<StepList>({ path: `runs/${runId}/steps` });

/** Follows a run by long polls until it has ended. */
export async function untilEnded(caller: Caller, runId: string, onLook: (run: RunResource) => void = () => {}): Promise<RunResource> {
  for (let after = ""; ; ) {
    const run = await caller.json<RunResource>({ path: `runs/${runId}?waitSeconds=10${after && `&after=${encodeURIComponent(after)}`}` });
    onLook(run);
    if (run.endedAt !== undefined) return run;
    after = run.revision;
    await delay(200);
  }
}
