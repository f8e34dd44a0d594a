import type { Services } from "../shared/composition.ts";

type Handler = (services: Services) => (input: unknown) => Promise<unknown>;

/**
 * An activity whose bugs stand in the app's own log under the ids of the run and the step: a step or run that is given up names that log.
 * The error travels on: the orchestration counts it.
 */
export function logBugs(activity: string, handler: Handler): Handler {
  return (services) => async (input) => {
    try {
      return await handler(services)(input);
    } catch (error) {
      const { runId, stepRunId } = (input ?? {}) as Record<string, unknown>;
      const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
      services.log.error("activity broke", { activity, runId, stepRunId, cause });
      throw error;
    }
  };
}
