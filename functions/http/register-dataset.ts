import { registerDataset as route } from "../../shared/api/routes/datasets.ts";
import { httpRoute } from "../http-route.ts";

/** `POST /api/datasets`: registers a place in a datastore as a dataset, or finds the version that is that place already. */
export const registerDataset = httpRoute(route, (services) => async ({ caller, body }) => {
  const { dataset, added } = await services.registerDataset(caller, body);
  return { status: added ? 201 : 200, headers: { location: `/api/datasets/${dataset.id}` }, jsonBody: dataset };
});
