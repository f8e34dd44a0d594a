import type { WorkspaceCoordinates } from "../options.ts";
import type { JobRecord } from "../store/job-records.ts";

/** What a step script may see of the machine: nothing that could be a secret of this process or of the user's shell. */
const MACHINE_VARIABLES = [
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "LANGUAGE",
  "TZ",
  "TMPDIR",
  "LD_LIBRARY_PATH",
  "CUDA_VISIBLE_DEVICES",
];

/** In the environment of everything a launch starts, so that its processes are found wherever they went. */
export const MARKER_VARIABLE = "AZUREML_LOCAL_JOB";

export type Environment = Record<string, string>;
export type MachineEnvironment = Readonly<Record<string, string | undefined>>;

/** The allow-listed part of the machine's environment, with `folders` first on PATH. */
export function machineVariables(machine: MachineEnvironment, folders: readonly string[]): Environment {
  const allowed = Object.entries(machine).filter(([name]) => MACHINE_VARIABLES.includes(name) || name.startsWith("LC_"));
  const variables: Environment = {};
  for (const [name, value] of allowed) if (value !== undefined) variables[name] = value;
  variables["PATH"] = [...folders, machine["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"].join(":");
  return variables;
}

/** What Azure ML tells a job about itself. A job that sets one of these itself has the last word. */
export function azureMlVariables(job: JobRecord, workspace: WorkspaceCoordinates): Environment {
  const experiment = job.properties.experimentName ?? "Default";
  return {
    AZUREML_RUN_ID: job.name,
    AZUREML_EXPERIMENT_NAME: experiment,
    AZUREML_ARM_SUBSCRIPTION: workspace.subscriptionId,
    AZUREML_ARM_RESOURCEGROUP: workspace.resourceGroup,
    AZUREML_ARM_WORKSPACE_NAME: workspace.workspaceName,
    AZUREML_ARM_PROJECT_NAME: experiment,
    // The log is a file, and Python would keep back what a script prints until 8 KiB of it have gathered.
    PYTHONUNBUFFERED: "1",
  };
}

/** The variables that the job itself asks for. */
export function jobVariables(job: JobRecord): Environment {
  const variables: Environment = {};
  for (const [name, value] of Object.entries(job.properties.environmentVariables ?? {})) if (value !== null) variables[name] = value;
  return variables;
}
