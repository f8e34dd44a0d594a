import type { AddEndpointVersionRequest, CreatePipelineEndpointRequest, PatchPipelineEndpointRequest } from "../api/pipeline-requests.ts";
import type { PipelineEndpointList, PipelineEndpointResource } from "../api/pipeline-resources.ts";
import { MAX_ENDPOINT_VERSIONS, type PipelineEndpoint, PipelineEndpointId, withVersion } from "../domain/pipeline-endpoint.ts";
import { ProblemError } from "../domain/problems.ts";
import type { Principal } from "../ports/callers.ts";
import type { Clock } from "../ports/clock.ts";
import type { PipelineStore } from "../ports/pipeline-store.ts";
import { callerOf } from "./caller-of.ts";
import { changeAsset, withGiven } from "./change-asset.ts";
import { releaseName, withName } from "./endpoint-names.ts";
import { findEndpoint, noEndpoint, versionOf } from "./find-endpoint.ts";
import { type FindReferrers, findPublished, type ListAssetsQuery } from "./published-pipelines.ts";

export interface PipelineEndpointsDeps {
  pipelines: PipelineStore;
  clock: Clock;
}

/** Makes an endpoint of which the pipeline is version "0". @throws {ProblemError} not-found for the pipeline; conflict for name or id. */
export const createPipelineEndpoint =
  (deps: PipelineEndpointsDeps) =>
  async (caller: Principal, { pipelineId, ...request }: CreatePipelineEndpointRequest): Promise<PipelineEndpointResource> => {
    const { pipelines, clock } = deps;
    await findPublished(pipelines, pipelineId);
    const order = clock.newId();
    const now = new Date(clock.now()).toISOString();
    const endpoint: PipelineEndpoint = {
      ...request,
      id: request.id ?? PipelineEndpointId.parse(order),
      status: "Active",
      versions: [pipelineId],
      defaultVersion: "0",
      createdAt: now,
      createdBy: callerOf(caller),
      modifiedAt: now,
    };
    if (await pipelines.endpoints.find(endpoint.id)) throw idInUse(endpoint.id);
    await withName(deps, endpoint.name, endpoint.id, async () => {
      if (!(await pipelines.endpoints.create(endpoint, order))) throw idInUse(endpoint.id);
    });
    await pipelines.durable();
    return toEndpointResource(endpoint);
  };

/** Newest first; only those that are active, unless told. */
export const listPipelineEndpoints =
  ({ pipelines }: Pick<PipelineEndpointsDeps, "pipelines">) =>
  async ({ includeDisabled, limit, cursor }: Omit<ListAssetsQuery, "name">): Promise<PipelineEndpointList> => {
    const page = await pipelines.endpoints.list({ ...(!includeDisabled && { status: "Active" }) }, { after: cursor, limit });
    return { endpoints: page.items.map(toEndpointResource), ...(page.next !== undefined && { cursor: page.next }) };
  };

/** @throws {ProblemError} not-found */
export const getPipelineEndpoint =
  ({ pipelines }: Pick<PipelineEndpointsDeps, "pipelines">) =>
  async (idOrName: string): Promise<PipelineEndpointResource> =>
    toEndpointResource((await findEndpoint(pipelines, idOrName)).value);

/** @throws {ProblemError} not-found, also for the default version; conflict for the name. */
export const patchPipelineEndpoint =
  (deps: PipelineEndpointsDeps) =>
  async (idOrName: string, request: PatchPipelineEndpointRequest): Promise<PipelineEndpointResource> => {
    const { value: before } = await findEndpoint(deps.pipelines, idOrName);
    let formerName = before.name;
    const apply = () =>
      change(deps, before.id, (endpoint) => {
        if (request.defaultVersion !== undefined) versionOf(endpoint, request.defaultVersion);
        formerName = endpoint.name;
        return withGiven(endpoint, request);
      });
    if (request.name === undefined || request.name === before.name) return await apply();
    const changed = await withName(deps, request.name, before.id, apply);
    if (formerName !== changed.name) await releaseName(deps, formerName, changed.id);
    return changed;
  };

/** Adds a pipeline as the next version, unless it is one already. @throws {ProblemError} not-found; conflict when there is room for no other. */
export const addEndpointVersion =
  (deps: PipelineEndpointsDeps) =>
  async (idOrName: string, { pipelineId, setDefault }: AddEndpointVersionRequest): Promise<PipelineEndpointResource> => {
    const { value } = await findEndpoint(deps.pipelines, idOrName);
    await findPublished(deps.pipelines, pipelineId);
    return await change(deps, value.id, (endpoint) => {
      const versions = withVersion(endpoint, pipelineId, setDefault);
      if (!versions)
        throw new ProblemError({
          kind: "conflict",
          message: `pipeline endpoint ${JSON.stringify(endpoint.name)} has ${MAX_ENDPOINT_VERSIONS} versions, and may have no more`,
          remedy: "make another endpoint",
        });
      const isSame = versions.versions === endpoint.versions && versions.defaultVersion === endpoint.defaultVersion;
      return isSame ? endpoint : { ...endpoint, ...versions };
    });
  };

/** What may be done to an endpoint's status: which statuses each begins from, and where it leads. What is so already stays as it is. */
const MOVES = {
  enable: { from: ["Active", "Disabled"], to: "Active" },
  disable: { from: ["Active", "Disabled"], to: "Disabled" },
  archive: { from: ["Active", "Disabled", "Archived"], to: "Archived" },
  reactivate: { from: ["Active", "Archived"], to: "Active" },
} as const satisfies Record<string, { from: readonly PipelineEndpoint["status"][]; to: PipelineEndpoint["status"] }>;

/** @throws {ProblemError} not-found; conflict when it is disabled or archived and the move is meant for the other. */
export const movePipelineEndpoint =
  (deps: PipelineEndpointsDeps) =>
  async (idOrName: string, move: keyof typeof MOVES): Promise<PipelineEndpointResource> => {
    const { value } = await findEndpoint(deps.pipelines, idOrName);
    const { from, to } = MOVES[move];
    return await change(deps, value.id, (endpoint) => {
      if (!from.some((status) => status === endpoint.status)) throw wrongMove(endpoint, move);
      return endpoint.status === to ? endpoint : { ...endpoint, status: to };
    });
  };

/** Endpoints of which a pipeline is a version, disabled and archived ones among them. */
export const endpointsOf =
  (pipelines: PipelineStore): FindReferrers =>
  async (pipelineId) => {
    const found: string[] = [];
    let after: string | undefined;
    do {
      const page = await pipelines.endpoints.list({}, { after, limit: 200 });
      for (const { name, versions } of page.items)
        if (versions.some((id) => id === pipelineId)) found.push(`pipeline endpoint ${JSON.stringify(name)}`);
      after = page.next;
    } while (after !== undefined);
    return found;
  };

async function change(
  { pipelines, clock }: PipelineEndpointsDeps,
  id: string,
  how: (endpoint: PipelineEndpoint) => PipelineEndpoint,
): Promise<PipelineEndpointResource> {
  const modifiedAt = new Date(clock.now()).toISOString();
  const changed = await changeAsset(
    pipelines.endpoints,
    id,
    (before) => {
      const after = how(before);
      return after === before ? before : { ...after, modifiedAt };
    },
    noEndpoint,
  );
  await pipelines.durable();
  return toEndpointResource(changed);
}

function toEndpointResource({ versions, ...endpoint }: PipelineEndpoint): PipelineEndpointResource {
  return { ...endpoint, versions: versions.map((pipelineId, version) => ({ version: String(version), pipelineId })) };
}

function wrongMove({ id, name, status }: PipelineEndpoint, move: string): ProblemError {
  return new ProblemError({
    kind: "conflict",
    message: `pipeline endpoint ${JSON.stringify(name)} is ${status.toLowerCase()}, and ${move} is not for that`,
    remedy: wakeUp({ id, status }),
  });
}

/** How to make an endpoint run again. */
export function wakeUp({ id, status }: Pick<PipelineEndpoint, "id" | "status">): string {
  return status === "Archived"
    ? `reactivate it with POST /api/pipeline-endpoints/${id}/reactivate`
    : `enable it with POST /api/pipeline-endpoints/${id}/enable`;
}

function idInUse(id: string): ProblemError {
  return new ProblemError({
    kind: "conflict",
    message: `pipeline endpoint id ${id} is in use`,
    remedy: "leave the id out, and one is made",
  });
}
