import { aRun, aStep, stepsOf, submit, untilEnded } from "../runs.ts";
import type { Scenario } from "../scenario.ts";

/** Steps of a chain stand between one fan and the next. */
const CHAIN = 10;
/** Clients that ask for all steps at the same time. */
const WATCHERS = 100;

/** One run of very many steps, each a process: its progress and its list of steps stay correct all the time. */
export const largeRun: Scenario = {
  name: "large-run",
  about: (small) => `one run of ${count(small)} steps in fans and chains, each a process`,
  bounds: { hostMiB: 900, standInsMiB: 600, seconds: 1_200, answerMs: 5_000 },
  async run({ caller, check, note, small }) {
    const steps = fansAndChains(count(small));
    const began = performance.now();
    const runId = await submit(caller, aRun(steps, "large"), "large");
    let looks = 0;
    let before = 0;
    const run = await untilEnded(caller, runId, ({ steps: found }) => {
      const byStatus: Record<string, number> = { ...found?.byStatus };
      const sum = Object.values(byStatus).reduce((all, one) => all + one, 0);
      const done = byStatus["Completed"] ?? 0;
      check(sum === steps.length, `a run of ${steps.length} steps showed ${sum}`);
      check(done >= before, `after ${before} completed steps it showed ${done}`);
      before = done;
      looks++;
    });
    const took = (performance.now() - began) / 1000;
    check(run.status === "Completed", `the run ended as ${run.status}`);
    const listBegan = performance.now();
    const list = await stepsOf(caller, runId);
    const listed = list.steps;
    note(
      `${took.toFixed(0)} s, ${(steps.length / took).toFixed(0)} steps a second, ${looks} looks, the list of all in ${Math.round(performance.now() - listBegan)} ms`,
    );
    const together = performance.now();
    const lists = await Promise.all(Array.from({ length: WATCHERS }, () => caller.ask({ path: `runs/${runId}/steps` })));
    note(`${WATCHERS} lists of all at once in ${((performance.now() - together) / 1000).toFixed(1)} s`);
    const sizes = new Set(lists.map(({ bytes }) => bytes.length));
    check(sizes.size === 1 && Number([...sizes][0]) === Buffer.byteLength(JSON.stringify(list)), "of many lists at once one is another");
    check(
      listed.length === steps.length && listed.every(({ status, attempt }) => status === "Completed" && attempt === 1),
      "the list of steps is not that of the run",
    );
    check(new Set(listed.map(({ runId: id }) => id)).size === steps.length, "two steps have one run");
    const ended = new Map(listed.map(({ key, endedAt }) => [key, endedAt ?? ""]));
    const early = listed.filter(({ startedAt, dependsOn }) => dependsOn.some((key) => (ended.get(key) ?? "") > (startedAt ?? "")));
    check(early.length === 0, `${early.length} steps began before what they wait for had ended`);
  },
};

const count = (small: boolean) => (small ? 300 : 10_000);

/** Fans of a hundred steps, a tenth of the steps in chains between them. */
function fansAndChains(total: number) {
  const steps: ReturnType<typeof aStep>[] = [];
  let last: string[] = [];
  for (let n = 0; steps.length < total; n++) {
    for (let link = 0; link < CHAIN && steps.length < total; link++) {
      steps.push(aStep(`c${n}-${link}`, last));
      last = [`c${n}-${link}`];
    }
    const fan = Array.from({ length: Math.min(90, total - steps.length) }, (_, i) => aStep(`f${n}-${i}`, last));
    steps.push(...fan);
    if (fan.length > 0) last = fan.map(({ key }) => key);
  }
  return steps;
}
