import type { CommandJob, Dictionary } from "../contract.ts";
import { userError } from "../http/arm-error.ts";
import { ok, type Reply } from "../http/reply.ts";
import { parseDuration } from "../jobs/iso-duration.ts";
import { nodesOf } from "../jobs/job-queue.ts";
import type { JobRecord } from "../store/job-records.ts";
import { maximumNodes } from "./computes.ts";
import { armResource, canonicalJson, namesInId } from "./resources.ts";
import { assetById, type Call, type Service } from "./service.ts";

/** What may change after a job was submitted, and what a client sends back that it only read. */
const MUTABLE = ["description", "tags", "displayName", "properties", "isArchived", "status", "services", "parameters"];

const PAGE = 100;

/** A job's folders are named after it, and a file system's names end at 255 bytes. */
const LONGEST_NAME = 240;

/**
 * `PUT`: 201 and the job starts, or 200 when it was there and nothing starts. Another body for the same name is refused, but for what may change.
 */
export async function putJob(service: Service, call: Call): Promise<Reply> {
  const properties = (call.body as { properties: CommandJob }).properties;
  const earlier = service.jobs.get(call.name);
  if (earlier) return update(service, earlier, properties);
  refuseImpossible(service, call.name, properties);
  const job = service.runner.submit(call.name, properties);
  await service.journal.durable();
  return { status: 201, body: toResource(service, job), afterwards: () => service.runner.begin(job) };
}

export function getJob(service: Service, { name }: Call): Reply {
  return ok(toResource(service, find(service, name)));
}

/** Newest first, 100 a page; `nextLink` leads to the next. */
export function listJobs(service: Service, { query, url }: Call): Reply {
  const before = Number(query.get("$skip") ?? Number.MAX_SAFE_INTEGER);
  if (!Number.isSafeInteger(before))
    throw userError(400, "BadArgument", `$skip '${query.get("$skip")}' is not one that a nextLink gave`, "$skip");
  const page = service.jobs.page(before, PAGE + 1);
  const value = page.slice(0, PAGE).map((job) => toResource(service, job));
  if (page.length <= PAGE) return ok({ value });
  const next = new URL(url);
  next.searchParams.set("$skip", String(page[PAGE - 1]?.position));
  return ok({ value, nextLink: next.href });
}

/** `POST …/cancel`: 202; whether and when it took effect the job's status tells. */
export async function cancelJob(service: Service, { name, url }: Call): Promise<Reply> {
  await service.runner.cancel(find(service, name));
  const location = new URL(url);
  location.pathname = location.pathname.replace(/\/cancel$/i, "");
  return { status: 202, headers: { location: location.href, "retry-after": "1" } };
}

export function find(service: Service, name: string): JobRecord {
  const job = service.jobs.get(name);
  if (!job) throw userError(404, "NotFound", `The job '${name}' was not found in this workspace`, "name");
  return job;
}

async function update(service: Service, job: JobRecord, asked: CommandJob): Promise<Reply> {
  if (immutablePart(job.properties) !== immutablePart(asked)) {
    const message = `A job with this name already exists: '${job.name}'. Only description, tags, displayName, properties, and isArchived can be updated.`;
    throw userError(400, "JobPropertyImmutable", message, "properties");
  }
  const properties = mergeProperties(job.properties.properties ?? {}, asked.properties ?? {});
  const { description, tags, displayName, isArchived } = asked;
  const changes = Object.fromEntries(
    Object.entries({ description, tags, displayName, isArchived }).filter(([, value]) => value !== undefined),
  );
  const changed = { ...job.properties, ...changes, properties };
  if (canonicalJson(changed) !== canonicalJson(job.properties)) {
    job.properties = changed;
    service.jobs.saveProperties(job);
  }
  await service.journal.durable();
  return ok(toResource(service, job));
}

/** Properties can be added to a job, and never changed. */
function mergeProperties(earlier: Dictionary, asked: Dictionary): Dictionary {
  for (const [name, value] of Object.entries(asked)) {
    if (Object.hasOwn(earlier, name) && earlier[name] !== value) {
      throw userError(
        400,
        "JobPropertyImmutable",
        `properties.properties.${name} is '${earlier[name]}' already and cannot be changed`,
        `properties.properties.${name}`,
      );
    }
  }
  return { ...earlier, ...asked };
}

function immutablePart(job: CommandJob): string {
  return canonicalJson(Object.fromEntries(Object.entries(job).filter(([name]) => !MUTABLE.includes(name))));
}

/** Finds out before the job is stored what could never run. */
function refuseImpossible(service: Service, name: string, job: CommandJob): void {
  if (name.length > LONGEST_NAME)
    throw userError(400, "BadArgument", `The name has ${name.length} characters; locally at most ${LONGEST_NAME} work`, "name");
  if (!job.computeId) throw refusal("computeId", "is required: the ARM id of a compute of this workspace");
  const [cluster = ""] = namesInId(service.workspace, job.computeId, "computes") ?? [];
  const compute = service.computes.get(cluster);
  if (!compute) throw refusal("computeId", `there is no compute '${job.computeId}' in this workspace: create it first`);
  const nodes = nodesOf({ properties: job } as JobRecord);
  if (nodes < 1 || nodes > Math.max(1, maximumNodes(compute.properties))) {
    throw refusal(
      "resources.instanceCount",
      `${nodes} nodes are asked for, and '${cluster}' has at most ${maximumNodes(compute.properties)}`,
    );
  }
  if (!assetById(service, "environments", job.environmentId)) {
    throw refusal("environmentId", `there is no environment version '${job.environmentId}' in this workspace: register it first`);
  }
  if (job.codeId && !assetById(service, "codes", job.codeId)) {
    throw refusal("codeId", `there is no code version '${job.codeId}' in this workspace: register it first`);
  }
  if (job.limits?.timeout && parseDuration(job.limits.timeout) === undefined) {
    throw refusal(
      "limits.timeout",
      `'${job.limits.timeout}' must be weeks, days, hours, minutes and whole seconds in ISO 8601, such as PT1H30M`,
    );
  }
  if (job.command.includes("\0")) throw refusal("command", "holds a zero byte, which no command can");
  for (const [variable, value] of Object.entries(job.environmentVariables ?? {})) {
    if (variable === "" || /[=\0]/.test(variable) || value?.includes("\0")) {
      throw refusal(
        "environmentVariables",
        `'${variable.replaceAll("\0", "\\0")}' cannot be set: a name holds no '=', and neither name nor value a zero byte`,
      );
    }
  }
}

function refusal(field: string, message: string): Error {
  return userError(400, "BadArgument", `properties.${field}: ${message}`, `properties.${field}`);
}

function toResource(service: Service, { name, properties, state }: JobRecord): unknown {
  const own = {
    jobOutputType: "uri_folder",
    uri: `azureml://datastores/workspaceartifactstore/ExperimentRun/dcid.${name}`,
    mode: "ReadWriteMount",
  };
  const outputs = { ...properties.outputs, default: own };
  return armResource(
    service.workspace,
    `jobs/${name}`,
    { experimentName: "Default", isArchived: false, ...properties, outputs, status: state.status },
    state.createdAt,
  );
}
