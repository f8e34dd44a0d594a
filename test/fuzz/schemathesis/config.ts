import type { Known } from "../known.ts";

/** How often a value that is there takes the place of a random one. */
const OFTEN = 0.8;

/**
 * The configuration of schemathesis as TOML: who calls, what is there to be found, and what no schema can say of a route. The token comes from the
 * environment. JSON texts and lists are TOML as well.
 */
export function configuration(dictionaries: Known): string {
  const bound = {
    "path.runId": "runs",
    "path.snapshotId": "snapshots",
    "path.uploadId": "uploads",
    "path.name": "names",
    "path.pipelineId": "published",
    "path.draftId": "drafts",
    "path.idOrName": "assets",
    "path.scheduleId": "schedules",
    "query.path": "paths",
    "query.cursor": "runs",
  };
  return [
    `headers = { Authorization = "Bearer $\{FUZZ_TOKEN}" }`,
    "continue-on-failure = true",
    "request-timeout = 30",
    "warnings = false",
    "[output.truncation]",
    "max-payload-size = 400",
    ...Object.entries(dictionaries).flatMap(([name, values]) => [`[dictionaries.${name}]`, `values = ${JSON.stringify(values)}`]),
    "[parameters]",
    ...Object.entries(bound).map(([name, dictionary]) => `"${name}" = { dictionary = "${dictionary}", probability = ${OFTEN} }`),
    "[generation]",
    "no-shrink = true",
    'database = "none"',
    "[phases.coverage]",
    // The worker of Azure Functions takes no TRACE, so the host answers it (404, as in Azure).
    'unexpected-methods = ["GET", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"]',
    "[checks]",
    // A body may be over the limit of its route before it is looked at.
    `negative_data_rejection.expected-statuses = ${JSON.stringify([400, 401, 403, 404, 405, 409, 411, 413, 414, 415, 416, 422, 431])}`,
    // An order, a sum, names that must be there, sizes: 400, 413, 416 and 422 for what a schema lets pass.
    `positive_data_acceptance.expected-statuses = ${JSON.stringify(["2xx", 404, 409, 413, 416])}`,
    ...MAY_REFUSE.flatMap(([operation, statuses]) => [
      "[[operations]]",
      `include-operation-id = "${operation}"`,
      `checks.positive_data_acceptance.expected-statuses = ${JSON.stringify(["2xx", 404, 409, 413, ...statuses])}`,
    ]),
    "",
  ].join("\n");
}

/** Routes that have rules beyond their schemas, with the statuses that say so. */
const MAY_REFUSE: readonly [string, number[]][] = [
  ["submitRun", [422]],
  ["forecastRun", [422]],
  ["publishPipeline", [400, 422]],
  ["publishPipelineDraft", [422]],
  ["submitPublishedPipeline", [422]],
  ["submitPipelineEndpoint", [422]],
  ["submitPipelineDraft", [422]],
  ["createPipelineDraft", [400]],
  ["createSchedule", [400]],
  ["patchSchedule", [400]],
  ["previewSchedule", [400]],
  ["testSchedule", [400]],
  ["listTicks", [400]],
  ["registerDataset", [400]],
  ["listDatasets", [400]],
  ["createSnapshot", [400]],
  ["commitUpload", [400]],
  ["putUploadPart", [400]],
  ["putArtifact", [400]],
];
