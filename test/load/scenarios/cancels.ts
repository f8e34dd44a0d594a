import { setTimeout as delay } from "node:timers/promises";
import type { RunResource } from "../../../shared/api/resources.ts";
import { aRun, aStep, stepsOf, submit, untilEnded } from "../runs.ts";
import type { Context, Scenario } from "../scenario.ts";

const about = (what: string, steps: (small: boolean) => number) => (small: boolean) =>
  `${steps(small)} steps beside one another, canceled ${what}`;
const atOnceSteps = (small: boolean) => (small ? 2_000 : 20_000);
const queuedSteps = (small: boolean) => (small ? 300 : 3_000);

/** A very wide run that is canceled while its steps are being started. */
export const cancelAtOnce: Scenario = {
  name: "cancel-at-once",
  about: about("right after the submit", atOnceSteps),
  bounds: { hostMiB: 800, standInsMiB: 300, seconds: 60, answerMs: 5_000 },
  run: (context) => cancel(context, atOnceSteps(context.small), async () => undefined),
};

/** A wide run that is canceled when its jobs stand in the queue of its compute. */
export const cancelQueued: Scenario = {
  name: "cancel-queued",
  about: about("when their jobs are queued", queuedSteps),
  bounds: { hostMiB: 800, standInsMiB: 400, seconds: 240, answerMs: 5_000 },
  run: (context) =>
    cancel(context, queuedSteps(context.small), async ({ caller }, runId) => {
      for (;;) {
        const { steps } = await stepsOf(caller, runId);
        if (steps.every(({ status }) => status !== "NotStarted") && steps.filter(({ attempt }) => attempt > 0).length === steps.length)
          return;
        await delay(500);
      }
    }),
};

async function cancel(context: Context, count: number, ready: (context: Context, runId: string) => Promise<void>): Promise<void> {
  const { caller, check, note } = context;
  const steps = Array.from({ length: count }, (_, n) => aStep(`s${n}`, [], "sleep 600"));
  const runId = await submit(caller, aRun(steps, "wide"), "wide");
  await ready(context, runId);
  const began = performance.now();
  await caller.json<RunResource>({ method: "POST", path: `runs/${runId}/cancel` }, 202);
  const run = await untilEnded(caller, runId);
  note(`ended ${((performance.now() - began) / 1000).toFixed(1)} s after the cancel`);
  check(run.status === "Canceled", `the run ended as ${run.status}`);
  const others = (await stepsOf(caller, runId)).steps.filter(({ status }) => status !== "Canceled");
  check(others.length === 0, `${others.length} steps are not canceled, the first is ${others[0]?.status}`);
}
