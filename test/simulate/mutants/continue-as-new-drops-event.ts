import type { Mutant } from "./mutant.ts";

export const continueAsNewDropsEvent: Mutant = {
  name: "continue-as-new-drops-event",
  fault: "events that came with the one after which an orchestration continues as new are forgotten",
  edits: [{ file: "local/host/durable/second-replay.ts", find: "carried: this.carried }", replace: "carried: [] }" }],
};
