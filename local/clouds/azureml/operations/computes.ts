import type { AmlCompute } from "../contract.ts";
import { userError } from "../http/arm-error.ts";
import { ok, type Reply } from "../http/reply.ts";
import type { ComputeRecord } from "../store/compute-records.ts";
import { armResource } from "./resources.ts";
import type { Call, Service } from "./service.ts";

const DEFAULT_NODES = 4;

interface Body {
  location?: string;
  tags?: Record<string, string> | null;
  properties: AmlCompute;
}

/** `PUT`: overwrites without a warning, as in Azure. The most nodes it may have bound how many jobs run at once. */
export async function putCompute(service: Service, { name, body }: Call): Promise<Reply> {
  const { location, tags, properties } = body as Partial<Body>;
  if (!properties) throw userError(400, "BadArgument", "properties is required", "properties");
  if (maximumNodes(properties) < 0)
    throw userError(400, "BadArgument", "properties.properties.scaleSettings.maxNodeCount must not be negative");
  const earlier = service.computes.get(name);
  const now = service.clock().toISOString();
  const record: ComputeRecord = { name, properties, createdAt: earlier?.createdAt ?? now, modifiedAt: now };
  if (location !== undefined) record.location = location;
  if (tags !== undefined) record.tags = tags;
  service.computes.put(record);
  await service.journal.durable();
  service.runner.resize(name, maximumNodes(properties));
  return ok(toResource(service, record), earlier ? 200 : 201);
}

export function getCompute(service: Service, { name }: Call): Reply {
  const record = service.computes.get(name);
  if (!record) throw userError(404, "ComputeNotFound", `The compute '${name}' was not found in this workspace: create it with PUT`, "name");
  return ok(toResource(service, record));
}

export function listComputes(service: Service): Reply {
  return ok({ value: service.computes.list().map((record) => toResource(service, record)) });
}

/** How many nodes a cluster may have. */
export function maximumNodes(compute: AmlCompute): number {
  return compute.properties?.scaleSettings?.maxNodeCount ?? DEFAULT_NODES;
}

function toResource(service: Service, record: ComputeRecord): unknown {
  const { name, location, tags, properties, createdAt, modifiedAt } = record;
  const { running, waiting } = service.runner.usage(name);
  const most = maximumNodes(properties);
  const nodeStateCounts = {
    idleNodeCount: 0,
    runningNodeCount: running,
    preparingNodeCount: 0,
    unusableNodeCount: 0,
    leavingNodeCount: 0,
    preemptedNodeCount: 0,
  };
  const inner = {
    ...properties.properties,
    scaleSettings: { minNodeCount: 0, ...properties.properties?.scaleSettings, maxNodeCount: most },
    allocationState: "Steady",
    currentNodeCount: running,
    targetNodeCount: Math.min(most, running + waiting),
    nodeStateCounts,
  };
  const outer = {
    ...properties,
    properties: inner,
    provisioningState: "Succeeded",
    createdOn: createdAt,
    modifiedOn: modifiedAt,
    isAttachedCompute: false,
  };
  return {
    ...armResource(service.workspace, `computes/${name}`, outer, createdAt, modifiedAt),
    location: location ?? service.workspace.location,
    tags: tags ?? {},
  };
}
