import type { CodeVersion, EnvironmentVersion } from "../contract.ts";
import type { RequestSchemas } from "../http/schemas.ts";
import type { Artifacts } from "../jobs/artifacts.ts";
import type { DataPaths } from "../jobs/data-paths.ts";
import type { JobRunner } from "../jobs/job-runner.ts";
import type { WorkspaceCoordinates } from "../options.ts";
import type { AssetKind, AssetRecords } from "../store/asset-records.ts";
import type { ComputeRecords } from "../store/compute-records.ts";
import type { JobRecords } from "../store/job-records.ts";
import type { Journal } from "../store/journal.ts";
import { namesInId } from "./resources.ts";

/** What the operations work on. */
export interface Service {
  workspace: WorkspaceCoordinates;
  journal: Journal;
  assets: AssetRecords;
  computes: ComputeRecords;
  jobs: JobRecords;
  runner: JobRunner;
  paths: DataPaths;
  artifacts: Artifacts;
  schemas: RequestSchemas;
  clock: () => Date;
  log: (message: string) => void;
}

/** One request, parsed. */
export interface Call {
  name: string;
  version: string;
  query: URLSearchParams;
  /** The server's own address, for the URLs it gives out. */
  baseUrl: string;
  /** The path and query as they were sent. */
  url: URL;
  body: unknown;
}

/** The asset that an id of a job refers to. */
export function assetById(
  service: Pick<Service, "workspace" | "assets">,
  kind: AssetKind,
  id: string,
): (CodeVersion & EnvironmentVersion) | undefined {
  const [name, version] = namesInId(service.workspace, id, kind, "versions") ?? [];
  return name && version ? service.assets.get(kind, name, version)?.properties : undefined;
}
