import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Caller } from "../caller.ts";
import { aRun, aStep, stepsOf, submit, untilEnded } from "../runs.ts";
import type { Scenario } from "../scenario.ts";
import { readNothing } from "../slow-reader.ts";

const FOLLOWERS = 50;
/** Ask for a whole answer and take none of it. */
const SLOW_READERS = 20;
const LINE = "x".repeat(1023);

/** Many followers of one log while it is written: all get the same bytes. */
export const followers: Scenario = {
  name: "followers",
  about: (small) =>
    `${FOLLOWERS} followers of one log of ${mebibytes(small)} MiB while it is written, ${SLOW_READERS} readers who take nothing`,
  bounds: { hostMiB: 600, standInsMiB: 400, seconds: 120, answerMs: 5_000 },
  async run({ caller, check, note, small, workspace }) {
    const size = mebibytes(small) * 1024 * 1024;
    const began = performance.now();
    const burst = `n=0; while [ $n -lt 64 ]; do echo ${LINE}; n=$((n+1)); done`;
    const command = `i=0; while [ $i -lt ${size / 65_536} ]; do ${burst}; i=$((i+1)); sleep 0.01; done`;
    const runId = await submit(caller, aRun([aStep("writer", [], command)], "log"), "log");
    const stepRunId = await writerOf(caller, runId);
    const slow = readNothing(workspace, `runs/${stepRunId}/logs/content?path=user_logs/std_log.txt`, SLOW_READERS);
    const logs = await Promise.all(Array.from({ length: FOLLOWERS }, () => follow(caller, stepRunId)));
    slow.close();
    await untilEnded(caller, runId);
    const took = (performance.now() - began) / 1000;
    const whole = createHash("sha256")
      .update(`${LINE}\n`.repeat(size / 1024))
      .digest("hex");
    const wrong = logs.filter(({ hash, bytes }) => bytes !== size || hash !== whole);
    check(wrong.length === 0, `${wrong.length} followers got another log, one of ${wrong[0]?.bytes} bytes`);
    const asked = logs.reduce((sum, { requests }) => sum + requests, 0);
    note(`${took.toFixed(1)} s; ${asked} requests, ${Math.round((FOLLOWERS * size) / 1024 / 1024 / took)} MiB/s in all`);
  },
};

const mebibytes = (small: boolean) => (small ? 4 : 20);

async function writerOf(caller: Caller, runId: string): Promise<string> {
  for (;;) {
    const [step] = (await stepsOf(caller, runId)).steps;
    if (step && step.attempt > 0 && step.status === "Running") return step.runId;
    await delay(20);
  }
}

/** As the command line follows a log. */
async function follow(caller: Caller, stepRunId: string): Promise<{ hash: string; bytes: number; requests: number }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for (let requests = 1; ; requests++) {
    const path = `runs/${stepRunId}/logs/content?path=user_logs/std_log.txt&from=${bytes}&waitSeconds=20`;
    const answer = await caller.ask({ path });
    if (answer.status !== 200) throw new Error(`the log answered ${answer.status}: ${answer.bytes.toString("utf8", 0, 200)}`);
    if (Number(answer.headers.get("x-log-from")) !== bytes) caller.problems.add("a log's answer began elsewhere than it was asked to");
    hash.update(answer.bytes);
    bytes += answer.bytes.length;
    if (answer.headers.get("x-log-complete") === "true") return { hash: hash.digest("hex"), bytes, requests };
  }
}
