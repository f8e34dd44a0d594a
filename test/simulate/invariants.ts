import { isFinished } from "../../local/host/durable/loaded-instance.ts";
import type { HistoryRow, InstanceRow } from "../../local/host/durable/storage.ts";
import { Progress, type RunHead, SettledMarker, StepRunDocument } from "../../shared/domain/run-documents.ts";
import { faultsOf } from "./model.ts";
import { expectedOf } from "./probe-plans.ts";
import { longestPath } from "./random-graph.ts";
import { hasEnded, type Job } from "./remote-compute.ts";
import type { SimulatedRun } from "./scenario.ts";
import type { World } from "./world.ts";

/** How late a timer may be while a host runs, in milliseconds. */
const TIMER_LATENESS_MS = 1000;
/** What a step of a calm run may take beyond its job, in milliseconds: below the shortest gap between looks. */
const STEP_OVERHEAD_MS = 400;

/** Looks at everything while it happens. */
export function watch(world: World): void {
  const { instances, documents, remote } = world;
  const settledAt = new Map<string, number>();
  documents.onWrite = (pk, sk, before, after) => {
    if (sk === "graph") world.learnGraph(after);
    if (pk === "runs") checkHead(world, before, after);
    if (sk === "progress") checkProgress(world, before, after);
    if (sk === "step") checkStepRun(world, before, after);
    if (/"settled":true|"settledKey":/.test(after)) settledAt.set(pk === "runs" ? sk : pk, world.scheduler.now);
  };
  instances.onInstance = (before, after) => {
    if (!before && after) checkStart(world, after, settledAt.get(after.id));
    if (before && after) checkChange(world, before, after);
  };
  instances.onHistory = (instance, there, from) => {
    if (from !== there.length)
      world.violated("history-whole", `${instance.id} has ${there.length} events, and more are added as if there were ${from}`);
  };
  remote.onStart = (job) => checkJobStart(world, job);
  let looked = 0;
  world.scheduler.beforeStep = () => {
    if (world.scheduler.now - looked < TIMER_LATENESS_MS / 2) return;
    looked = world.scheduler.now;
    checkTimers(world);
  };
}

function checkHead(world: World, before: string | undefined, after: string): void {
  if (before === undefined) return;
  const [was, is] = [before, after].map((body) => JSON.parse(body) as RunHead) as [RunHead, RunHead];
  if (was.settled && (!is.settled || is.status !== was.status))
    world.violated("ends-are-final", `run ${is.id} was ${was.status} for good and is made ${is.status}`);
  if (was.cancelRequestedAt !== undefined && is.cancelRequestedAt === undefined)
    world.violated("ends-are-final", `the cancel of run ${is.id} is taken back`);
}

function checkProgress(world: World, before: string | undefined, after: string): void {
  if (before === undefined) return;
  const [was, is] = [before, after].map((body) => JSON.parse(body) as Progress) as [Progress, Progress];
  [...was.steps].forEach((letter, step) => {
    const now = is.steps[step];
    const isBack = "cfxk".includes(letter) ? now !== letter : letter === "s" && now === "n";
    if (isBack) world.violated("ends-are-final", `step ${step} of run ${is.runId} goes from '${letter}' to '${now}'`);
  });
  if (was.outcome !== undefined && is.outcome !== was.outcome)
    world.violated("ends-are-final", `the outcome of run ${is.runId} was ${was.outcome} and is ${is.outcome}`);
}

function checkStepRun(world: World, before: string | undefined, after: string): void {
  if (before === undefined) return;
  const [was, is] = [before, after].map((body) => JSON.parse(body) as StepRunDocument) as [StepRunDocument, StepRunDocument];
  if (was.status !== "Running") world.violated("ends-are-final", `step run ${is.id} was ${was.status} and is made ${is.status}`);
}

/** A start of what had ended before the starter began to look is a start of what nobody needs. */
function checkStart(world: World, instance: InstanceRow, settledAt: number | undefined): void {
  const { starting, documents } = world;
  if (settledAt === undefined || !starting || starting.began <= settledAt) return;
  const stored = instance.name === "pipelineRun" ? documents.read("runs", instance.id)?.value : documents.read(instance.id, "step")?.value;
  const isSettled = JSON.stringify(stored ?? null).match(/"settled":true|"settledKey":/) !== null;
  if (isSettled) world.violated("ended-stays-ended", `${starting.name} starts ${instance.name} ${instance.id}, which had ended before`);
}

function checkChange(world: World, before: InstanceRow, after: InstanceRow): void {
  if (isFinished(before.status)) world.violated("ends-are-final", `${before.id} was ${before.status} and is made ${after.status}`);
  if (after.status === "Failed" || after.status === "Terminated")
    world.violated("no-bugs", `orchestration ${after.name} ${after.id} ended as ${after.status}: ${after.output}`);
}

function checkJobStart(world: World, job: Job): void {
  const found = world.stepOf(job.stepRunId);
  if (!found) {
    world.violated("job-once", `job ${job.key} belongs to no step run that was ever stored`);
    return;
  }
  const jobs = [...world.remote.ledger.values()];
  if (jobs.some((other) => other !== job && other.stepRunId === job.stepRunId))
    world.violated("job-once", `step run ${job.stepRunId} gets a second job, ${job.key}`);
  for (const dependency of found.run.edges[found.step] ?? []) {
    const isDone = jobs.some(
      (other) => other.runId === job.runId && isStep(world, other, dependency) && other.state.status === "completed",
    );
    if (!isDone)
      world.violated("dependencies-first", `step ${found.step} of ${found.run.name} starts and step ${dependency} has not completed`);
  }
  const canceledAt = world.canceled.get(job.runId);
  if (canceledAt !== undefined && (world.submitting?.began ?? 0) > canceledAt)
    world.violated("no-start-after-cancel", `job ${job.key} is started by a look that began after the cancel was acknowledged`);
}

function isStep(world: World, job: Job, step: number): boolean {
  return world.stepOf(job.stepRunId)?.step === step;
}

function checkTimers(world: World): void {
  const { host, instances, scheduler, hostSince, scenario } = world;
  // A clock that jumps on makes every timer of the machine late by as much.
  if (!host || scheduler.now - hostSince < TIMER_LATENESS_MS || scenario.jumps.some(({ byMs }) => byMs > 0)) return;
  const next = instances.nextTimer();
  if (next !== undefined && next < world.wallTime() - TIMER_LATENESS_MS)
    world.violated("timers-on-time", `a timer is late by ${world.wallTime() - next} ms`);
}

/** Looks at what there is when nobody has anything to do any more. */
export function checkEnd(world: World): void {
  for (const [name, runId] of world.submitted)
    if (!world.documents.read("runs", runId))
      world.violated("submit-kept", `the submit of ${name} was acknowledged as ${runId}, which is gone`);
  for (const [runId] of world.canceled) {
    const head = world.heads().find(({ id }) => id === runId);
    if (head && head.cancelRequestedAt === undefined)
      world.violated("cancel-kept", `the cancel of ${runId} was acknowledged and is not in the store`);
  }
  const heads = world.heads();
  for (const run of world.scenario.runs) {
    const mine = heads.filter(({ displayName }) => displayName === run.name);
    if (mine.length > 1) world.violated("submit-kept", `${run.name} was submitted under one key and is ${mine.length} runs`);
    for (const head of mine) checkRun(world, run, head);
  }
  for (const job of world.remote.ledger.values())
    if (!hasEnded(job) && !job.isLost) world.violated("nothing-left", `job ${job.key} still runs and nobody looks after it`);
  for (const probe of world.scenario.probes) checkProbe(world, probe);
  if (world.instances.messages().length > 0) world.violated("history-whole", "a message is stored and nobody takes it");
  if (world.instances.work().length > 0) world.violated("history-whole", "an activity is stored and nobody runs it");
  for (const instance of world.instances.instances({}, 1000)) checkHistory(world, instance, world.instances.history(instance.key));
}

function checkRun(world: World, run: SimulatedRun, head: RunHead): void {
  const { documents } = world;
  const progress = Progress.safeParse(documents.read(head.id, "progress")?.value).data;
  const keys = (documents.read(head.id, "graph")?.value as { graph: { steps: { key: string }[] } } | undefined)?.graph.steps;
  if (!progress || !keys) {
    world.violated("records-whole", `run ${head.id} has no graph or no progress`);
    return;
  }
  const place = new Map(keys.map(({ key }, index) => [Number(key.slice(1)), index]));
  const letters = run.edges.map((_, step) => progress.steps[place.get(step) ?? -1] ?? "?");
  const jobs = [...world.remote.ledger.values()].filter(({ runId }) => runId === head.id);
  const hasJob = run.edges.map((_, step) => jobs.some((job) => isStep(world, job, step)));
  for (const fault of faultsOf(run, { status: head.status, letters, hasJob, isCanceled: head.cancelRequestedAt !== undefined }))
    world.violated("ends-as-allowed", `${run.name} (${head.id}): ${fault}`);
  if (progress.outcome !== head.status)
    world.violated("ends-as-allowed", `run ${head.id} is ${head.status} and its progress says ${progress.outcome}`);
  checkMarkers(world, head, progress);
  checkTimes(world, run, head);
}

/** One marker for every step that settled by a step run of its own, and each says what progress says. */
function checkMarkers(world: World, head: RunHead, progress: Progress): void {
  const letterOf: Record<string, string> = { Completed: "c", Failed: "f", Canceled: "x" };
  const seen = new Set<string>();
  let last = "";
  for (const { sk, value } of world.documents.list(head.id, { prefix: "settled:", limit: 1000 }).items) {
    const marker = SettledMarker.parse(value);
    if (seen.has(marker.stepRunId)) world.violated("records-once", `step run ${marker.stepRunId} has two settled markers`);
    seen.add(marker.stepRunId);
    if (progress.steps[marker.index] !== letterOf[marker.status])
      world.violated(
        "records-whole",
        `step ${marker.index} of ${head.id} is '${progress.steps[marker.index]}' and its marker says ${marker.status}`,
      );
    if (sk <= last) world.violated("records-once", `markers of ${head.id} are out of order`);
    last = sk;
    const stored = world.documents.read(marker.stepRunId, "step")?.value;
    if (stored !== undefined && StepRunDocument.parse(stored).status !== marker.status)
      world.violated("records-whole", `step run ${marker.stepRunId} and its marker do not agree`);
  }
  const settled = [...progress.steps].filter((letter) => "cf".includes(letter)).length;
  if (seen.size < settled) world.violated("records-whole", `${settled} steps of ${head.id} have settled and ${seen.size} left a marker`);
}

function checkTimes(world: World, run: SimulatedRun, head: RunHead): void {
  const [created, started, ended] = [head.createdAt, head.startedAt, head.endedAt].map((time) => Date.parse(time ?? ""));
  if (created === undefined || started === undefined || ended === undefined) return;
  if (!(created <= started && started <= ended))
    world.violated("times-in-order", `run ${head.id}: created ${head.createdAt}, started ${head.startedAt}, ended ${head.endedAt}`);
  if (!world.scenario.calm) return;
  const allowed = longestPath(run.edges, (step) => (run.jobs[step]?.afterMs ?? 0) + STEP_OVERHEAD_MS) + STEP_OVERHEAD_MS;
  if (ended - created > allowed)
    world.violated("events-carry-it", `${run.name} took ${ended - created} ms where nothing went wrong and ${allowed} ms are enough`);
}

function checkProbe(world: World, probe: World["scenario"]["probes"][number]): void {
  const row = world.instances.instance(probe.id);
  if (!row) {
    if (world.promised.has(probe.id)) world.violated("start-kept", `the start of ${probe.id} was acknowledged, and it is gone`);
    return;
  }
  if (probe.kind === "walker") {
    const expected = JSON.stringify(expectedOf(probe.ops));
    if (row.output !== expected) world.violated("probe-answers", `${probe.id} answers ${row.output} instead of ${expected}`);
    return;
  }
  const got = JSON.parse(row.output ?? "[]") as number[];
  for (let item = 0; item < probe.items; item++) {
    const times = got.filter((one) => one === item).length;
    const raised = world.raised.get(`${probe.id} ${item}`) ?? 0;
    if (times < 1 || times > raised)
      world.violated("events-once", `${probe.id} got item ${item} ${times} times, and it was raised ${raised} times`);
  }
}

/** Everything scheduled has a number of its own and ends once, and nothing ends that was not scheduled. */
function checkHistory(world: World, instance: InstanceRow, rows: readonly HistoryRow[]): void {
  const open = new Set<number>();
  const known = new Set<number>();
  let starts = 0;
  for (const { text } of rows) {
    const { EventType: type, EventId: id, TaskScheduledId: task, TimerId: timer } = JSON.parse(text) as Record<string, number>;
    if (type === 0) starts++;
    if ((type === 4 || type === 7 || type === 10) && id !== undefined) {
      if (known.has(id)) world.violated("history-whole", `${instance.id} scheduled task ${id} twice`);
      known.add(id);
      open.add(id);
    }
    const ended = type === 11 ? timer : type === 5 || type === 6 || type === 8 || type === 9 ? task : undefined;
    if (ended === undefined) continue;
    if (!known.has(ended)) world.violated("history-whole", `${instance.id}: task ${ended} ended and was never scheduled`);
    else if (!open.delete(ended)) world.violated("history-whole", `${instance.id}: task ${ended} ended twice`);
  }
  if (starts !== 1) world.violated("history-whole", `${instance.id} was started ${starts} times in one history`);
}
