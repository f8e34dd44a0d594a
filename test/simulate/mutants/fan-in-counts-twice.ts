import type { Mutant } from "./mutant.ts";

export const fanInCountsTwice: Mutant = {
  name: "fan-in-counts-twice",
  fault: "a step that waits for several counts those that completed, and one whose marker is read again counts again",
  edits: [
    {
      file: "shared/domain/advance.ts",
      find: "plan.dependsOn[index]?.every((dependency) => isComplete(steps[dependency]))",
      replace: "isFree(plan, steps, before, facts, index)",
    },
    {
      file: "shared/domain/advance.ts",
      find: "function dependsOnAny(",
      replace: `function isFree(plan: RunPlan, steps: readonly string[], before: Progress, facts: Facts, index: number): boolean {
  const needed = plan.dependsOn[index] ?? [];
  const done = needed.filter((dependency) => steps[dependency] === "c").length;
  const again = [...facts.settled].filter((one) => needed.includes(one.index) && before.steps[one.index] === "c").length;
  return done + again >= needed.length;
}

function dependsOnAny(`,
    },
  ],
};
