import { setTimeout as delay } from "node:timers/promises";
import { allRuns, aRun, aStep, submit } from "../runs.ts";
import type { Context, Scenario } from "../scenario.ts";

/** Of ten submits one repeats the idempotency key of another. */
const REPEATS = 10;

/** Many submits at once: each is done once, at once or after a refusal that says when to come back. */
export const submits: Scenario = {
  name: "submits",
  about: (small) => `${count(small)} submits at once, one in ten under a key that another has too`,
  bounds: { hostMiB: 600, standInsMiB: 400, seconds: 180, answerMs: 5_000 },
  async run(context) {
    const { caller, check, note, small } = context;
    const total = count(small);
    const distinct = total - total / REPEATS;
    const began = performance.now();
    const ids = await Promise.all(
      Array.from({ length: total }, (_, n) => submit(caller, aRun([aStep("only")], `run ${n % distinct}`), `key-${n % distinct}`)),
    );
    note(`all accepted after ${seconds(began)} s, ${caller.refused} times refused with 429 on the way`);
    check(
      ids.every((id, n) => id === ids[n % distinct]),
      "submits under one key made several runs",
    );
    check(new Set(ids).size === distinct, `${distinct} keys made ${new Set(ids).size} runs`);
    await allEnded(context, distinct);
    note(`all ended after ${seconds(began)} s`);
    const runs = await allRuns(caller);
    check(runs.length === distinct && new Set(runs.map(({ id }) => id)).size === distinct, `${runs.length} runs are listed`);
    const others = runs.filter(({ status }) => status !== "Completed");
    const [other] = others;
    check(
      other === undefined,
      `${others.length} runs did not complete; the first is ${other?.status}: ${JSON.stringify(other?.kind === "pipelineRun" ? other.failure : undefined)}`,
    );
  },
};

const count = (small: boolean) => (small ? 200 : 500);
const seconds = (since: number) => ((performance.now() - since) / 1000).toFixed(1);

async function allEnded({ caller }: Context, total: number): Promise<void> {
  for (;;) {
    const runs = await allRuns(caller);
    if (runs.length >= total && runs.every(({ endedAt }) => endedAt !== undefined)) return;
    await delay(500);
  }
}
