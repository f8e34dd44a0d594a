import { z } from "zod";
import { AssetName, PlainText } from "./ids.ts";
import { PipelineId } from "./published-pipeline.ts";
import { Caller, Instant, Properties, Tags } from "./run-documents.ts";

export const PipelineEndpointId = z.guid("a pipeline endpoint id is a GUID").toLowerCase().brand<"PipelineEndpointId">();
export type PipelineEndpointId = z.infer<typeof PipelineEndpointId>;

/** `0`, `1`, …: texts, as in v1. */
export const EndpointVersion = z.string().regex(/^(0|[1-9]\d{0,8})$/, 'a version is a text of digits: "0", "1", …');
export type EndpointVersion = z.infer<typeof EndpointVersion>;

/** Versions of one endpoint at the most: they lie in one document. */
export const MAX_ENDPOINT_VERSIONS = 5000;

/** A name for published pipelines that stays while they change: each is a version of it, and one of them the default. */
export const PipelineEndpoint = z.strictObject({
  id: PipelineEndpointId,
  /** Unique in the workspace. */
  name: AssetName,
  description: PlainText.max(4096).optional(),
  status: z.enum(["Active", "Disabled", "Archived"]),
  defaultVersion: EndpointVersion,
  /** By position: version n is the n-th. */
  versions: z.array(PipelineId).min(1).max(MAX_ENDPOINT_VERSIONS),
  tags: Tags,
  properties: Properties,
  createdAt: Instant,
  createdBy: Caller,
  modifiedAt: Instant,
});
export type PipelineEndpoint = z.infer<typeof PipelineEndpoint>;

type Versions = Pick<PipelineEndpoint, "versions" | "defaultVersion">;

/** The endpoint's versions with one more, unless the pipeline is one already (v1's rule); undefined when there is room for no other. */
export function withVersion({ versions, defaultVersion }: Versions, pipelineId: PipelineId, setDefault: boolean): Versions | undefined {
  const known = versions.indexOf(pipelineId);
  if (known < 0 && versions.length >= MAX_ENDPOINT_VERSIONS) return undefined;
  const version = String(known < 0 ? versions.length : known);
  return {
    versions: known < 0 ? [...versions, pipelineId] : versions,
    defaultVersion: setDefault ? version : defaultVersion,
  };
}

/** The pipeline of a version (absent: the default). */
export function pipelineOf({ versions, defaultVersion }: Versions, version: EndpointVersion = defaultVersion): PipelineId | undefined {
  return versions[Number(version)];
}
