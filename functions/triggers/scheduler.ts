import type { Services } from "../../shared/composition.ts";

/**
 * Every ten seconds: finds schedules that are due. Ticks are due to the second and settling times last tens of them, so a minute would be coarse; a look
 * that finds nothing is one or two small queries.
 */
export const SCHEDULER_SCHEDULE = "*/10 * * * * *";

export const scheduler = (services: Services) => async (): Promise<void> => {
  await services.lookAtSchedules();
};
