import type { Services } from "../../shared/composition.ts";

/** Once a minute: finds runs that nobody drives, and uploads that nobody will finish. */
export const RECONCILER_SCHEDULE = "0 * * * * *";

export const reconciler = (services: Services) => async (): Promise<void> => {
  await services.reconcile();
  await services.sweepUploads();
};
