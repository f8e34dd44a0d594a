import { z } from "zod";
import { ExperimentName, PlainText, PortName } from "./ids.ts";
import { GivenValue } from "./pipeline-parameter.ts";
import { GraphId, PipelineName } from "./published-pipeline.ts";
import { Caller, Instant, Properties, Tags } from "./run-documents.ts";

export const PipelineDraftId = z.guid("a pipeline draft id is a GUID").toLowerCase().brand<"PipelineDraftId">();
export type PipelineDraftId = z.infer<typeof PipelineDraftId>;

/** A pipeline that is being worked on: all of it may change, and it may be submitted and published as often as one likes. */
export const PipelineDraft = z.strictObject({
  id: PipelineDraftId,
  name: PipelineName,
  description: PlainText.max(4096).optional(),
  /** Of the graph as it is now; a changed graph is another one. */
  graphId: GraphId,
  experimentName: ExperimentName,
  /** Values for its runs, and the defaults of what is published from it. */
  parameters: z.record(PortName, GivenValue),
  continueOnStepFailure: z.boolean(),
  tags: Tags,
  properties: Properties,
  createdAt: Instant,
  createdBy: Caller,
  modifiedAt: Instant,
  /** Nobody finds it any more. */
  deletedAt: Instant.optional(),
});
export type PipelineDraft = z.infer<typeof PipelineDraft>;
