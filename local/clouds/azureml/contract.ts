/** The part of Azure ML's ARM contract (api-version 2024-04-01) that this server reads and writes. Bodies are checked against the published schema first. */

export const API_VERSION = "2024-04-01";
export const PROVIDER = "Microsoft.MachineLearningServices";

export type JobStatus =
  | "NotStarted"
  | "Starting"
  | "Preparing"
  | "Queued"
  | "Running"
  | "Finalizing"
  | "CancelRequested"
  | "Completed"
  | "Failed"
  | "Canceled";

export type TerminalStatus = "Completed" | "Failed" | "Canceled";

export function isTerminal(status: JobStatus): status is TerminalStatus {
  return status === "Completed" || status === "Failed" || status === "Canceled";
}

export interface LiteralInput {
  jobInputType: "literal";
  value: string;
}

export interface DataInput {
  jobInputType: "uri_file" | "uri_folder";
  uri: string;
  mode?: "ReadOnlyMount" | "ReadWriteMount" | "Download" | "Direct";
}

export type JobInput = LiteralInput | DataInput;

export interface JobOutput {
  jobOutputType: "uri_file" | "uri_folder";
  uri?: string | null;
  mode?: "ReadWriteMount" | "Upload" | "Direct";
}

export type Dictionary = Record<string, string | null>;

export interface CommandJob {
  jobType: "Command";
  command: string;
  environmentId: string;
  codeId?: string | null;
  computeId?: string | null;
  displayName?: string | null;
  description?: string | null;
  experimentName?: string;
  inputs?: Record<string, JobInput | null> | null;
  outputs?: Record<string, JobOutput | null> | null;
  environmentVariables?: Dictionary | null;
  limits?: { jobLimitsType: string; timeout?: string | null } | null;
  resources?: { instanceCount?: number };
  distribution?: { distributionType: string } | null;
  tags?: Dictionary | null;
  properties?: Dictionary | null;
  isArchived?: boolean;
}

export interface EnvironmentVersion {
  image?: string;
  condaFile?: string;
  build?: { contextUri: string; dockerfilePath?: string };
}

export interface CodeVersion {
  codeUri?: string | null;
}

export interface AmlCompute {
  computeType: "AmlCompute";
  properties?: { scaleSettings?: { maxNodeCount: number }; vmSize?: string } | null;
}
