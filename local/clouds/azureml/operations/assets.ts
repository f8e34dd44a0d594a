import type { CodeVersion } from "../contract.ts";
import { userError } from "../http/arm-error.ts";
import { ok, type Reply } from "../http/reply.ts";
import type { AssetKind, AssetRecord } from "../store/asset-records.ts";
import { armResource, canonicalJson } from "./resources.ts";
import type { Call, Service } from "./service.ts";

/** What may change after a version was registered. */
const MUTABLE = ["description", "tags", "properties", "isArchived", "provisioningState", "stage"];

const WORDS: Readonly<Record<AssetKind, string>> = { codes: "code", environments: "environment" };

/** `PUT` of a code version: 201, or 200 when it was there. Where its files lie cannot be changed. */
export async function putCode(service: Service, call: Call): Promise<Reply> {
  const uri = (bodyOf(call) as CodeVersion).codeUri;
  if (!uri)
    throw userError(400, "BadArgument", "properties.codeUri is required: the URI of the folder with the code", "properties.codeUri");
  if (!(await service.paths.place(uri, "properties.codeUri").isFolder())) {
    throw userError(400, "BadArgument", `properties.codeUri: there is no folder at '${uri}'`, "properties.codeUri");
  }
  return put(service, call, "codes", "Asset paths cannot be updated.");
}

/** `PUT` of an environment version, which builds nothing: that happens in the first job that needs it. */
export function putEnvironment(service: Service, call: Call): Promise<Reply> {
  return put(service, call, "environments", "Only description, tags, properties, and isArchived can be updated: register another version.");
}

export function getAsset(service: Service, { name, version }: Call, kind: AssetKind): Reply {
  const record = service.assets.get(kind, name, version);
  if (!record) {
    throw userError(
      404,
      "NotFound",
      `The ${WORDS[kind]} '${name}' has no version '${version}' in this workspace: register it with PUT`,
      "version",
    );
  }
  return ok(toResource(service, record));
}

export function listAssets(service: Service, { name }: Call, kind: AssetKind): Reply {
  return ok({ value: service.assets.list(kind, name).map((record) => toResource(service, record)) });
}

async function put(service: Service, call: Call, kind: AssetKind, whenChanged: string): Promise<Reply> {
  const { name, version } = call;
  const properties = bodyOf(call);
  const earlier = service.assets.get(kind, name, version);
  if (earlier && immutablePart(earlier.properties) !== immutablePart(properties)) {
    throw userError(
      400,
      "Immutable",
      `The ${WORDS[kind]} '${name}' already has a version '${version}' that differs. ${whenChanged}`,
      "properties",
    );
  }
  const record = { kind, name, version, properties, createdAt: earlier?.createdAt ?? service.clock().toISOString() };
  if (!earlier || canonicalJson(earlier.properties) !== canonicalJson(properties)) service.assets.put(record);
  await service.journal.durable();
  return ok(toResource(service, record), earlier ? 200 : 201);
}

function bodyOf({ body }: Call): Record<string, unknown> {
  return (body as { properties: Record<string, unknown> }).properties;
}

function immutablePart(properties: Record<string, unknown>): string {
  return canonicalJson(Object.fromEntries(Object.entries(properties).filter(([name]) => !MUTABLE.includes(name))));
}

function toResource(service: Service, { kind, name, version, properties, createdAt }: AssetRecord): unknown {
  return armResource(
    service.workspace,
    `${kind}/${name}/versions/${version}`,
    { ...properties, provisioningState: "Succeeded" },
    createdAt,
  );
}
