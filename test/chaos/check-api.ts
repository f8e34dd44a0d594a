import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FileList, MetricList, RunList, RunResource, StepList } from "../../shared/api/resources.ts";
import type { Client } from "./client.ts";
import { ARTIFACT, INPUT, METRICS, sha256 } from "./drive.ts";
import { doubled, type Finding, lost, wrong } from "./finding.ts";
import { LINES, OUTPUT_BYTES, type Pipeline } from "./pipelines.ts";

/** What a person can see of the run must be whole. */
export async function checkApi(client: Client, run: RunResource, pipeline: Pipeline, folder: string): Promise<Finding[]> {
  const steps = await client.json<StepList>({ path: `runs/${run.id}/steps` });
  return [
    ...checkEnd(run, steps, pipeline),
    ...checkStarts(steps, pipeline, folder),
    ...(await checkList(client, run)),
    ...(await checkLogged(client, run)),
    ...(await checkLogs(client, steps, pipeline)),
    ...(await checkFiles(client, pipeline)),
  ];
}

function checkEnd(run: RunResource, { steps }: StepList, pipeline: Pipeline): Finding[] {
  const findings: Finding[] = [];
  if (run.status !== pipeline.status)
    findings.push(wrong(`the run is ${run.status} and not ${pipeline.status}: ${run.failure?.cause ?? "no failure"}`));
  if (run.failure?.step !== pipeline.failedStep)
    findings.push(wrong(`the run's failure names step ${run.failure?.step} and not ${pipeline.failedStep}: ${run.failure?.cause}`));
  for (const { key, status, attempt, failure } of steps) {
    if (!pipeline.ends[key]?.includes(status))
      findings.push(wrong(`step ${key} is ${status} and not ${pipeline.ends[key]?.join(" or ")}: ${failure?.cause ?? "no failure"}`));
    if (attempt > 1) findings.push({ kind: "doubled job", what: `step ${key} is at attempt ${attempt}` });
    if (pipeline.failedStep === key && failure?.exitCode !== 3)
      findings.push(wrong(`step ${key} failed with exit code ${failure?.exitCode}`));
  }
  if (steps.length !== pipeline.steps.length) findings.push(lost(`${steps.length} of ${pipeline.steps.length} steps are listed`));
  return findings;
}

/** Each process counted itself. */
function checkStarts({ steps }: StepList, pipeline: Pipeline, folder: string): Finding[] {
  return steps.flatMap(({ key, status }): Finding[] => {
    const count = startsOf(folder, key).length;
    if (count > 1) return [{ kind: "doubled job", what: `the process of step ${key} was started ${count} times` }];
    if (count === 0 && pipeline.started.includes(key)) return [wrong(`step ${key} is ${status}, and its process was never started`)];
    if (count === 1 && pipeline.never.includes(key)) return [wrong(`step ${key} is ${status}, and its process was started`)];
    return [];
  });
}

function startsOf(folder: string, key: string): string[] {
  try {
    return readFileSync(join(folder, "count", key), "utf8")
      .split("\n")
      .slice(0, -1);
  } catch {
    return [];
  }
}

async function checkList(client: Client, run: RunResource): Promise<Finding[]> {
  const { runs } = await client.json<RunList>({ path: "runs" });
  const found = runs.filter(({ id }) => id === run.id).length;
  if (found === 0) return [lost("the run is not in the list of runs")];
  return runs.length > 1 ? [doubled(`one submit under one key made ${runs.length} runs`)] : [];
}

async function checkLogged(client: Client, run: RunResource): Promise<Finding[]> {
  const findings: Finding[] = [];
  const { metrics } = await client.json<MetricList>({ path: `runs/${run.id}/metrics` });
  for (let order = 0; order < METRICS; order++) {
    const times = metrics.filter(({ value }) => value === order).length;
    if (times === 0) findings.push(lost(`metric ${order} was acknowledged and is gone`));
    if (times > 1) findings.push(doubled(`metric ${order} is there ${times} times`));
  }
  if (run.tags["chaos"] !== "yes") findings.push(lost("the tag was acknowledged and is gone"));
  const artifact = await client.ask({ path: `runs/${run.id}/artifacts/content?path=from-outside.bin` });
  if (artifact.status !== 200 || sha256(artifact.bytes) !== sha256(ARTIFACT))
    findings.push(lost(`the artifact was acknowledged, and reading it gives ${artifact.status} with ${artifact.bytes.length} bytes`));
  return findings;
}

async function checkLogs(client: Client, { steps }: StepList, pipeline: Pipeline): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { key, runId } of steps.filter(({ key }) => pipeline.started.includes(key))) {
    const log = await client.ask({ path: `runs/${runId}/logs/content?path=user_logs/std_log.txt` });
    const lines = log.bytes
      .toString("utf8")
      .split("\n")
      .filter((line) => line.startsWith("line "));
    // A step that is ended may be so between two lines.
    const isWhole = pipeline.ends[key]?.includes("Completed") || pipeline.failedStep === key;
    const wanted = Array.from({ length: isWhole ? LINES : lines.length }, (_, i) => `line ${i + 1}`);
    if (lines.join() !== wanted.join()) findings.push(lost(`the log of step ${key} has a gap: ${lines.join(", ") || "nothing"}`));
    if (log.headers.get("x-log-complete") !== "true") findings.push(wrong(`the log of step ${key}, which has ended, is not complete`));
  }
  return findings;
}

/** Of an upload all is there or nothing, and nobody's half-written file. */
async function checkFiles(client: Client, pipeline: Pipeline): Promise<Finding[]> {
  const { files } = await client.json<FileList>({ path: "datastores/workspaceblobstore/files" });
  const wanted = new Map([["chaos/input.bin", INPUT.length]]);
  if (pipeline.steps.some(({ outputs }) => outputs?.["data"])) wanted.set("chaos/data/part", OUTPUT_BYTES);
  const findings = files.flatMap(({ path, size }): Finding[] =>
    wanted.get(path) === size ? [] : [wrong(`the datastore shows ${path} with ${size} bytes`)],
  );
  for (const path of wanted.keys()) if (!files.some((file) => file.path === path)) findings.push(lost(`the file ${path} is gone`));
  return findings;
}
