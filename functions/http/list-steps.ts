import type { StepList } from "../../shared/api/resources.ts";
import { listSteps as route } from "../../shared/api/routes/runs.ts";
import { httpRoute } from "../http-route.ts";

const texts = new WeakMap<StepList, Uint8Array>();

/** `GET /api/runs/{runId}/steps`: lists all steps of a pipeline run in the pipeline's order. */
export const listSteps = httpRoute(route, (services) => async ({ params, query }) => ({
  headers: { "content-type": "application/json" },
  body: textOf(await services.listSteps(params.runId, query)),
}));

/** Those who ask together are given one list: ten thousand steps take long to write down. */
function textOf(list: StepList): Uint8Array {
  const text = texts.get(list) ?? Buffer.from(JSON.stringify(list));
  texts.set(list, text);
  return text;
}
