import { JobStatusEvent } from "../../shared/api/events.ts";
import type { Services } from "../../shared/composition.ts";

/** Event Grid `Microsoft.MachineLearningServices.RunStatusChanged`: wakes the step run whose job it is. Other runs of the workspace are none of ours. */
export const jobStatusChanged =
  (services: Services) =>
  async (event: unknown): Promise<void> => {
    const parsed = JobStatusEvent.safeParse(event);
    if (parsed.success) await services.noteJobChange(parsed.data);
    else
      services.log.warn("an event of another shape came to jobStatusChanged; it is dropped", { problem: parsed.error.issues[0]?.message });
  };
