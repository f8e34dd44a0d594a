import type { Progress, RunHead, StepRunDocument } from "../../../shared/domain/run-documents.ts";
import type { World } from "../world.ts";

export function checkHead(world: World, before: string | undefined, after: string): void {
  if (before === undefined) return;
  const [was, is] = [before, after].map((body) => JSON.parse(body) as RunHead) as [RunHead, RunHead];
  if (was.settled && (!is.settled || is.status !== was.status))
    world.violated("ends-are-final", `run ${is.id} was ${was.status} for good and is made ${is.status}`);
  if (was.cancelRequestedAt !== undefined && is.cancelRequestedAt === undefined)
    world.violated("ends-are-final", `the cancel of run ${is.id} is taken back`);
}

export function checkProgress(world: World, before: string | undefined, after: string): void {
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

export function checkStepRun(world: World, before: string | undefined, after: string): void {
  if (before === undefined) return;
  const [was, is] = [before, after].map((body) => JSON.parse(body) as StepRunDocument) as [StepRunDocument, StepRunDocument];
  if (was.status !== "Running") world.violated("ends-are-final", `step run ${is.id} was ${was.status} and is made ${is.status}`);
}
