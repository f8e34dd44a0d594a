import type { ScheduleStore } from "../../ports/schedule-store.ts";
import type { FindReferrers } from "../published-pipelines.ts";

const PAGE = 200;

/** Schedules that run a published pipeline, disabled ones among them. Those of an endpoint do not count: its version is what refers to the pipeline. */
export const schedulesOf =
  ({ schedules }: ScheduleStore): FindReferrers =>
  async (pipelineId) => {
    const found: string[] = [];
    let after: string | undefined;
    do {
      const page = await schedules.list({ pipelineId }, { after, limit: PAGE });
      for (const { name } of page.items) found.push(`schedule ${JSON.stringify(name)}`);
      after = page.next;
    } while (after !== undefined);
    return found;
  };
