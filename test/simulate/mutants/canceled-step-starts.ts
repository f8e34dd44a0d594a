import type { Mutant } from "./mutant.ts";

export const canceledStepStarts: Mutant = {
  name: "canceled-step-starts",
  fault: "a step does not ask whether its run stops before it submits its job",
  edits: [
    {
      file: "shared/services/begin-step.ts",
      find: '  if (context.stops) return await settle(deps, stored, { status: "Canceled" });\n',
      replace: "",
    },
  ],
};
