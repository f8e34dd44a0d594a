import { basename, extname } from "node:path";
import { toExperimentName } from "../shared/domain/experiment-name.ts";
import type { PipelineFile } from "./yaml/pipeline-file.ts";

/** The experiment of a pipeline file for which none was named: the pipeline's name, or the file's, made to fit. */
export function experimentNameFor(pipeline: Pick<PipelineFile, "name">, file: string): string {
  return toExperimentName(pipeline.name ?? "") || toExperimentName(basename(file, extname(file))) || "pipeline";
}
