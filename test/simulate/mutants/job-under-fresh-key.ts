import type { Mutant } from "./mutant.ts";

export const jobUnderFreshKey: Mutant = {
  name: "job-under-fresh-key",
  fault: "a step that finds itself begun, as after a crash, submits its job under another key",
  edits: [
    {
      file: "shared/services/begin-step.ts",
      find: "await submit(deps, context, stored.value);",
      replace: "await submit(deps, context, existing ? { ...stored.value, attempt: stored.value.attempt + 1 } : stored.value);",
    },
  ],
};
