import type { Route } from "../route.ts";
import * as catalog from "./catalog.ts";
import * as datasets from "./datasets.ts";
import * as pipelineDrafts from "./pipeline-drafts.ts";
import * as pipelineEndpoints from "./pipeline-endpoints.ts";
import * as publishedPipelines from "./published-pipelines.ts";
import * as runContent from "./run-content.ts";
import * as runs from "./runs.ts";
import * as schedules from "./schedules.ts";
import * as storage from "./storage.ts";

/** Every route of the API. */
export const allRoutes: readonly Route[] = [
  runs,
  runContent,
  storage,
  catalog,
  datasets,
  publishedPipelines,
  pipelineEndpoints,
  pipelineDrafts,
  schedules,
].flatMap((module) => Object.values(module).filter(isRoute));

function isRoute(value: unknown): value is Route {
  return typeof value === "object" && value !== null && "path" in value && "method" in value;
}
