import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { RunResource } from "../../shared/api/resources.ts";
import { Progress, SettledMarker, StepRunDocument } from "../../shared/domain/run-documents.ts";
import { doubled, type Finding, lost, wrong } from "./finding.ts";
import type { Pipeline } from "./pipelines.ts";

interface Row {
  pk: string;
  sk: string;
  body: string;
}

/** What the stores hold once everything has stopped: nothing lost, nothing doubled, nothing half done. */
export function checkRecords(stateFolder: string, run: RunResource, pipeline: Pipeline): Finding[] {
  const app = rows<Row>(join(stateFolder, "app", "penstock.db"), "SELECT pk, sk, body FROM documents");
  const jobs = rows<{ name: string }>(join(stateFolder, "clouds", "azureml", "azureml.db"), "SELECT name FROM jobs");
  const failed = rows<{ id: string; name: string; output: string }>(
    join(stateFolder, "host", "durable.sqlite"),
    "SELECT id, name, output FROM instances WHERE status IN (4, 5, 6)",
  );
  return [
    ...checkIntegrity(stateFolder),
    ...checkRun(app, run),
    ...checkSteps(app, run, pipeline),
    ...checkJobs(
      app,
      jobs.map(({ name }) => name),
    ),
    ...failed.map(({ name, output }) => wrong(`an orchestration ${name} failed: ${output?.slice(0, 300)}`)),
  ];
}

function checkIntegrity(stateFolder: string): Finding[] {
  return ["app/penstock.db", "host/durable.sqlite", "clouds/azureml/azureml.db", "clouds/storage/storage.db"].flatMap((name) => {
    const verdict = rows<{ integrity_check: string }>(join(stateFolder, name), "PRAGMA integrity_check")[0]?.integrity_check;
    return verdict === "ok" ? [] : [wrong(`${name} is damaged: ${verdict}`)];
  });
}

function checkRun(app: readonly Row[], run: RunResource): Finding[] {
  const findings: Finding[] = [];
  const heads = app.filter(({ pk }) => pk === "runs");
  if (heads.length !== 1) findings.push(heads.length === 0 ? lost("the run's head is gone") : doubled(`there are ${heads.length} heads`));
  for (const sk of ["graph", "progress"])
    if (!app.some((row) => row.pk === run.id && row.sk === sk)) findings.push(lost(`the run's ${sk} is gone`));
  const progress = app.find((row) => row.pk === run.id && row.sk === "progress");
  const parsed = progress && Progress.parse(JSON.parse(progress.body));
  if (parsed && !/^[cfxk]*$/.test(parsed.steps)) findings.push(wrong(`the run has ended, and its progress says ${parsed.steps}`));
  if (parsed && parsed.outcome !== run.status) findings.push(wrong(`the run is ${run.status}, and its progress says ${parsed.outcome}`));
  const stray = app.filter(({ sk }) => sk === "graph" || sk === "progress").filter(({ pk }) => pk !== run.id);
  return [...findings, ...stray.map(({ sk }) => doubled(`a ${sk} belongs to no run`))];
}

/** Every step that began has one document and one marker, which agree. */
function checkSteps(app: readonly Row[], run: RunResource, pipeline: Pipeline): Finding[] {
  const findings: Finding[] = [];
  const documents = app.filter(({ sk }) => sk === "step").map(({ body }) => StepRunDocument.parse(JSON.parse(body)));
  const markers = app
    .filter(({ pk, sk }) => pk === run.id && sk.startsWith("settled:"))
    .map(({ body }) => SettledMarker.parse(JSON.parse(body)));
  pipeline.steps.forEach(({ key }, index) => {
    const document = documents.find((one) => one.key === key);
    const own = markers.filter((marker) => marker.index === index);
    if (pipeline.started.includes(key) && !document) findings.push(lost(`step ${key} ran and has no document`));
    if (document?.status === "Running") findings.push(wrong(`the document of step ${key} says Running for ever`));
    if (document && own.length === 0) findings.push(lost(`step ${key} settled and left no marker`));
    if (own.length > 1) findings.push(doubled(`step ${key} left ${own.length} markers`));
    if (document && own[0] && own[0].status !== document.status)
      findings.push(wrong(`step ${key} is ${document.status} by its document and ${own[0].status} by its marker`));
  });
  if (new Set(documents.map(({ key }) => key)).size !== documents.length) findings.push(doubled("a step has two documents"));
  return findings;
}

/** One job for each step that began, and none that belongs to no step. */
function checkJobs(app: readonly Row[], names: readonly string[]): Finding[] {
  const steps = new Set(app.filter(({ sk }) => sk === "step").map(({ pk }) => pk));
  return names.flatMap((name): Finding[] => {
    const [stepRunId = "", attempt] = name.split("_");
    if (!steps.has(stepRunId)) return [wrong(`the job ${name} belongs to no step run`)];
    return attempt === "1" ? [] : [{ kind: "doubled job", what: `there is a job ${name}` }];
  });
}

function rows<T>(file: string, sql: string): T[] {
  if (!existsSync(file)) return [];
  const database = new DatabaseSync(file);
  try {
    return database.prepare(sql).all() as T[];
  } finally {
    database.close();
  }
}
