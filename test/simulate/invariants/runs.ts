import { Progress, type RunHead, SettledMarker, StepRunDocument } from "../../../shared/domain/run-documents.ts";
import { faultsOf } from "../model.ts";
import { longestPath } from "../random-graph.ts";
import type { SimulatedRun } from "../scenario.ts";
import type { World } from "../world.ts";
import { isStep } from "./jobs.ts";

/** What a step of a calm run may take beyond its job, in milliseconds: below the shortest gap between looks. */
const STEP_OVERHEAD_MS = 400;

export function checkRun(world: World, run: SimulatedRun, head: RunHead): void {
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
