import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { registerDataset } from "../../shared/api/routes/datasets.ts";
import { addEndpointVersion, createPipelineEndpoint, submitPipelineEndpoint } from "../../shared/api/routes/pipeline-endpoints.ts";
import { publishPipeline } from "../../shared/api/routes/published-pipelines.ts";
import { getLog } from "../../shared/api/routes/run-content.ts";
import { getRun, listRuns, listSteps } from "../../shared/api/routes/runs.ts";
import type { GivenValue } from "../../shared/domain/pipeline-parameter.ts";
import { aStateFolder, removeFolder, startWorkspace, type TestWorkspace, until } from "../support/workspace.ts";

let workspace: TestWorkspace;
beforeAll(async () => {
  workspace = await startWorkspace(await aStateFolder());
  const data = join(workspace.stateFolder, "datastores/workspaceblobstore/in");
  await mkdir(data, { recursive: true });
  await Promise.all([1, 2].map((n) => writeFile(join(data, `${n}.csv`), `table ${n}\n`)));
}, 30_000);
afterAll(async () => {
  await workspace?.end();
  await removeFolder(workspace.stateFolder);
});

/** A script that reads its dataset by v1's own words, and says what it was told beside that. */
const SCRIPT = [
  "import sys",
  "from azureml.core import Run",
  "run = Run.get_context()",
  "print(sorted(run.input_datasets), open(run.input_datasets['table']).read().strip(), sys.argv[1:])",
].join("; ");

function pipeline(prefix: string) {
  return {
    name: "reads a table",
    parameters: {
      table: { type: "dataset" as const },
      extra: { type: "datapath" as const, optional: true },
      rows: { type: "int" as const, optional: true },
    },
    steps: [
      {
        key: "read",
        type: "CommandStep" as const,
        command: [
          `python -c "${SCRIPT}" ${prefix}`,
          { parameter: "table" },
          "--extra",
          { input: "extra" },
          "--rows",
          { parameter: "rows" },
        ],
        inputs: { table: { source: { parameter: "table" } }, extra: { source: { parameter: "extra" } } },
        parameters: { table: { source: "table" }, rows: { source: "rows" } },
      },
    ],
  };
}

async function run(version: string | undefined, parameters: Record<string, GivenValue>): Promise<string> {
  const { client } = workspace;
  const submitted = await client.call(submitPipelineEndpoint, {
    params: { idOrName: "tables" },
    body: { experimentName: "e2e", parameters, ...(version !== undefined && { version }) },
    headers: {},
  });
  const params = { runId: submitted.body.id };
  const ended = await until(async () => {
    const { body } = await client.call(getRun, { params });
    return body.endedAt === undefined ? undefined : body;
  }, "the run to end");
  expect(ended, JSON.stringify(ended.failure)).toMatchObject({ status: "Completed" });
  const [step] = (await client.call(listSteps, { params })).body.steps;
  const log = await client.call(getLog, { params: { runId: step?.runId ?? submitted.body.id }, query: { path: "user_logs/std_log.txt" } });
  return Buffer.from(log.body).toString().trim();
}

test("a script reads the dataset that its endpoint's caller names, with and without what is optional", async () => {
  const { client } = workspace;
  const place = { datastore: "workspaceblobstore", path: "in/1.csv" };
  await client.call(registerDataset, { body: { name: "table", type: "tabular", ...place } });
  await client.call(registerDataset, { body: { name: "table", type: "tabular", ...place, path: "in/2.csv", createNewVersion: true } });
  const [first, second] = [
    (await client.call(publishPipeline, { body: { pipeline: pipeline("first") } })).body,
    (await client.call(publishPipeline, { body: { pipeline: pipeline("second") } })).body,
  ];
  await client.call(createPipelineEndpoint, { body: { name: "tables", pipelineId: first.id } });
  await client.call(addEndpointVersion, { params: { idOrName: "tables" }, body: { pipelineId: second.id, setDefault: true } });

  const plain = await run("0", { table: { name: "table", version: 1 } });
  const all = await run(undefined, { table: { name: "table" }, extra: place, rows: "3" });

  expect(plain).toMatch(/^\['table'\] table 1 \['first', '\S+'\]$/);
  expect(all).toMatch(/^\['extra', 'table'\] table 2 \['second', '\S+', '--extra', '\S+', '--rows', '3'\]$/);
  const { runs } = (await client.call(listRuns, { query: { pipelineId: second.id } })).body;
  expect(runs.map(({ pipelineEndpointVersion }) => pipelineEndpointVersion)).toEqual(["1"]);
}, 60_000);
