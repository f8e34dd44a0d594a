import type { World } from "../world.ts";
import { checkHead, checkProgress, checkStepRun } from "./documents.ts";
import { checkChange, checkStart, checkTimers, type End, endedBy, TIMER_LATENESS_MS } from "./instances.ts";
import { checkJobStart } from "./jobs.ts";

/** Looks at everything while it happens. */
export function watch(world: World): void {
  const { instances, documents, remote } = world;
  const ends = new Map<string, End>();
  documents.onWrite = (pk, sk, before, after) => {
    if (sk === "graph") world.learnGraph(after);
    if (pk === "runs") checkHead(world, before, after);
    if (sk === "progress") checkProgress(world, before, after);
    if (sk === "step") checkStepRun(world, before, after);
    const ended = endedBy(pk, sk, after);
    if (ended !== undefined) ends.set(ended, { at: world.scheduler.now, pk, sk });
  };
  instances.onInstance = (before, after) => {
    if (!before && after) checkStart(world, after, ends.get(after.id));
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
