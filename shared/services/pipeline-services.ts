import { type DatasetsDeps, getDataset, listDatasets, registerDataset } from "./datasets.ts";
import { createPipelineDraft, deletePipelineDraft, getPipelineDraft, listPipelineDrafts, patchPipelineDraft } from "./pipeline-drafts.ts";
import {
  addEndpointVersion,
  createPipelineEndpoint,
  endpointsOf,
  getPipelineEndpoint,
  listPipelineEndpoints,
  movePipelineEndpoint,
  patchPipelineEndpoint,
} from "./pipeline-endpoints.ts";
import { type PublishPipelineDeps, publishPipeline } from "./publish-pipeline.ts";
import {
  deletePublishedPipeline,
  type FindReferrers,
  getPublishedPipeline,
  listPublishedPipelines,
  patchPublishedPipeline,
  setPublishedPipelineStatus,
} from "./published-pipelines.ts";
import { submitPipelineDraft } from "./submit-pipeline-draft.ts";
import { submitPipelineEndpoint } from "./submit-pipeline-endpoint.ts";
import { type SubmitPublishedPipelineDeps, submitPublishedPipeline } from "./submit-published-pipeline.ts";
import { submitRun } from "./submit-run.ts";

export interface PipelineServicesDeps extends PublishPipelineDeps, SubmitPublishedPipelineDeps, DatasetsDeps {
  /** What else than endpoints may refer to a published pipeline. */
  referrers?: readonly FindReferrers[];
}

/** Pipelines as things one submits, publishes and refers to: graphs, published pipelines, endpoints, drafts, and the datasets they read. */
export function createPipelineServices(deps: PipelineServicesDeps) {
  return {
    submitRun: submitRun(deps),
    publishPipeline: publishPipeline(deps),
    listPublishedPipelines: listPublishedPipelines(deps),
    getPublishedPipeline: getPublishedPipeline(deps),
    patchPublishedPipeline: patchPublishedPipeline(deps),
    setPublishedPipelineStatus: setPublishedPipelineStatus(deps),
    deletePublishedPipeline: deletePublishedPipeline({ ...deps, referrers: [endpointsOf(deps.pipelines), ...(deps.referrers ?? [])] }),
    submitPublishedPipeline: submitPublishedPipeline(deps),
    createPipelineEndpoint: createPipelineEndpoint(deps),
    listPipelineEndpoints: listPipelineEndpoints(deps),
    getPipelineEndpoint: getPipelineEndpoint(deps),
    patchPipelineEndpoint: patchPipelineEndpoint(deps),
    addEndpointVersion: addEndpointVersion(deps),
    movePipelineEndpoint: movePipelineEndpoint(deps),
    submitPipelineEndpoint: submitPipelineEndpoint(deps),
    createPipelineDraft: createPipelineDraft(deps),
    listPipelineDrafts: listPipelineDrafts(deps),
    getPipelineDraft: getPipelineDraft(deps),
    patchPipelineDraft: patchPipelineDraft(deps),
    deletePipelineDraft: deletePipelineDraft(deps),
    submitPipelineDraft: submitPipelineDraft(deps),
    registerDataset: registerDataset(deps),
    getDataset: getDataset(deps),
    listDatasets: listDatasets(deps),
  };
}
