import { hasEnded } from "../remote-compute.ts";
import type { World } from "../world.ts";
import { checkHistory } from "./histories.ts";
import { checkProbe } from "./probes.ts";
import { checkRun } from "./runs.ts";

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
