import { getWorkspace as route } from "../../shared/api/routes/catalog.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/workspace`: shows the workspace, its defaults and its limits. */
export const getWorkspace = httpRoute(route, (services) => async () => ({ jsonBody: services.getWorkspace() }));
