import { remedyFor } from "../suggest.ts";
import type { ExplainKey } from "./check-shape.ts";
import { YAML_STEPS } from "./pipeline-schema.ts";

/** Step types of v1 that this version does not run, with the YAML keys that only they have. */
const LATER: Readonly<Record<string, readonly string[]>> = {
  ParallelRunStep: ["parallel_run_config", "side_inputs"],
  AdlaStep: ["priority", "params", "degree_of_parallelism", "runtime_version", "adla_compute_name"],
  AzureBatchStep: [
    "executable",
    "pool_id",
    "create_pool",
    "delete_batch_job_after_finish",
    "delete_batch_pool_after_finish",
    "is_positive_exit_code_failure",
    "vm_image_urn",
  ],
  DatabricksStep: ["run_name", "num_workers", "python_script_name", "notebook_path", "existing_cluster_id", "spark_version", "node_type"],
  DataTransferStep: ["source_data_reference", "destination_data_reference"],
  ModuleStep: ["module", "module_version"],
  HyperDriveStep: [],
  AutoMLStep: [],
  MpiStep: [],
  EstimatorStep: [],
  RScriptStep: [],
  KustoStep: [],
  SynapseSparkStep: [],
  NotebookRunnerStep: [],
};

export type SupportedType = keyof typeof YAML_STEPS;
const SUPPORTED = Object.keys(YAML_STEPS);
const REMEDY = `the step types that run are ${SUPPORTED.join(" and ")}`;

export function isSupportedType(type: unknown): type is SupportedType {
  return typeof type === "string" && Object.hasOwn(YAML_STEPS, type);
}

/** Why a `type` cannot be taken, and what to do. */
export function explainType(type: unknown): { message: string; remedy: string } {
  if (type === undefined) return { message: "type is missing", remedy: REMEDY };
  if (typeof type === "string" && Object.hasOwn(LATER, type)) {
    return { message: `type ${type} is a step type of v1 that is not supported yet`, remedy: REMEDY };
  }
  return { message: `type ${JSON.stringify(type)} is not a step type`, remedy: remedyFor(String(type), SUPPORTED, "step types") };
}

/** Tells a key of another step type from a slip of the pen. */
export const explainStepKey: ExplainKey = (key) => {
  const owner = Object.entries(LATER).find(([, keys]) => keys.includes(key))?.[0];
  return owner === undefined ? undefined : { message: `${key} belongs to ${owner}, which is not supported yet`, remedy: REMEDY };
};
