import { readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { ok, type Reply } from "../http/reply.ts";
import { artifactsFolder } from "../jobs/job-runner.ts";
import { find } from "./jobs.ts";
import { namesInId } from "./resources.ts";
import type { Call, Service } from "./service.ts";

const LOG_FOLDERS = ["azureml-logs", "user_logs"];

/** What the job resource does not say: why it failed, what was not honoured, when it ran, and where its logs are. */
export function getRunDetails(service: Service, { name }: Call): Reply {
  const { properties, state } = find(service, name);
  const [target] = namesInId(service.workspace, properties.computeId ?? "", "computes") ?? [];
  const details = {
    runId: name,
    target: target ?? null,
    status: state.status,
    startTimeUtc: state.startedAt ?? null,
    endTimeUtc: state.endedAt ?? null,
    services: {},
    error: state.failure ? { error: toError(state.failure) } : null,
    warnings: state.warnings.map((message) => ({ source: "AmlCompute", message })),
    properties: properties.properties ?? {},
    tags: properties.tags ?? {},
    inputDatasets: [],
    logFiles: logFiles(artifactsFolder(service.paths, name)),
  };
  return ok(details);
}

/** The outer code is Azure ML's coarse one, the inner the specific one. */
function toError({ code, message }: { code: string; message: string }): unknown {
  const coarse = code === "ServiceError" ? "ServiceError" : "UserError";
  return { code: coarse, message, details: [], innerError: code === coarse ? null : { code, innerError: null } };
}

function logFiles(artifacts: string): Record<string, string> {
  const files = LOG_FOLDERS.map((folder) => join(artifacts, folder))
    .filter((folder) => statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    .flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)));
  return Object.fromEntries(
    files.filter((file) => !file.endsWith(".partial")).map((file) => [relative(artifacts, file), pathToFileURL(file).href]),
  );
}
