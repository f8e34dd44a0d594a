import type { Mutant } from "./mutant.ts";

export const finishedStartedAgain: Mutant = {
  name: "finished-started-again",
  fault: "a submit that is repeated under its key starts the orchestration of a run that has ended",
  edits: [
    {
      file: "shared/services/start-run.ts",
      find: "if (!existing?.value.settled) await start(deps, runId);",
      replace: "await start(deps, runId);",
    },
  ],
};
