import { getOpenApi as route } from "../../shared/api/routes/catalog.ts";
import { httpRoute } from "../http-route.ts";

/** `GET /api/openapi.json`: this document. */
export const getOpenApi = httpRoute(route, () => async () => {
  // The generator is large and this is rarely asked for.
  const { openApiDocument } = await import("../../shared/api/openapi.ts");
  return { jsonBody: openApiDocument() };
});
