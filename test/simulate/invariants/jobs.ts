import type { Job } from "../remote-compute.ts";
import type { World } from "../world.ts";

export function checkJobStart(world: World, job: Job): void {
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

export function isStep(world: World, job: Job, step: number): boolean {
  return world.stepOf(job.stepRunId)?.step === step;
}
