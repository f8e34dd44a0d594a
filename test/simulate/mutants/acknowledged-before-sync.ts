import type { Mutant } from "./mutant.ts";

export const acknowledgedBeforeSync: Mutant = {
  name: "acknowledged-before-sync",
  fault: "a submit is answered before the run is on the disk",
  edits: [
    {
      file: "shared/services/start-run.ts",
      find: "  await deps.runs.durable();\n  return { runId };",
      replace: "  return { runId };",
    },
  ],
};
