import type { Mutant } from "./mutant.ts";

export const eventLostBeforeWakeUp: Mutant = {
  name: "event-lost-before-wake-up",
  fault: "an event that comes while an episode runs is stored, and nobody wakes the instance for it",
  edits: [
    {
      file: "local/host/durable/turns.ts",
      find: "if (instance.inbox.length > 0 && !isFinished(instance.row.status)) this.makeReady(instance);\n    else this.user.rested(instance);",
      replace: "if (instance.inbox.length === 0 || isFinished(instance.row.status)) this.user.rested(instance);",
    },
  ],
};
