import { ok, type Reply } from "../http/reply.ts";
import { find } from "./jobs.ts";
import { namesInId } from "./resources.ts";
import type { Call, Service } from "./service.ts";

/** What the job resource does not say: why it failed, what was not honoured, when it ran, and where its logs are. */
export async function getRunDetails(service: Service, { name }: Call): Promise<Reply> {
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
    logFiles: await service.artifacts.logs(name),
  };
  return ok(details);
}

/** The outer code is Azure ML's coarse one, the inner the specific one. */
function toError({ code, message }: { code: string; message: string }): unknown {
  const coarse = code === "ServiceError" ? "ServiceError" : "UserError";
  return { code: coarse, message, details: [], innerError: code === coarse ? null : { code, innerError: null } };
}
