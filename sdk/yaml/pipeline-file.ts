import type { z } from "zod";
import type { PipelineGraph, Step } from "../../shared/domain/pipeline-graph.ts";
import type { Position } from "./yaml-error.ts";

type GraphInput = z.input<typeof PipelineGraph>;
type StepInput = z.input<typeof Step>;
type DraftOf<S> = S extends { snapshotId?: unknown } ? Omit<S, "snapshotId"> : never;

/** A step before its folder is on the server. */
export interface DraftStep {
  readonly step: DraftOf<StepInput>;
  /** Absolute path of the folder that becomes the snapshot; absent for a command that has none. */
  readonly sourceDirectory?: string;
  /** Name of a catalog environment that the run configuration refers to instead of describing one. */
  readonly environmentName?: string;
}

/** Local data that must be in a datastore before the run. `path` is a file, or a folder when `localPath` is one. */
export interface DataToUpload {
  readonly reference: string;
  readonly datastore: string;
  readonly path: string;
  readonly localPath: string;
}

/** A v1 pipeline YAML that was read and found sound as far as a client can tell. */
export interface PipelineFile {
  /** As it was named by the caller. */
  readonly file: string;
  readonly name?: string;
  readonly pipeline: Omit<GraphInput, "steps">;
  readonly steps: readonly DraftStep[];
  readonly data: readonly DataToUpload[];
  /** Things of v1 that have no effect here, for the run to show. */
  readonly warnings: readonly string[];
  /** Where the thing stands that a JSON Pointer into the submitted body is about; undefined for what is not from the file. */
  locate(pointer: string): Position | undefined;
}
