import { getFile as route } from "../../shared/api/routes/storage.ts";
import { httpRoute } from "../http-route.ts";
import { sendBlob } from "../send-blob.ts";

/** `GET /api/datastores/{name}/files/content`: reads one file of a datastore; honours one byte range. */
export const getFile = httpRoute(
  route,
  (services) =>
    async ({ params, query, range }) =>
      await sendBlob(services, await services.findFile(params.name, query.path), range, query.path),
);
