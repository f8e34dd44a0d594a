import type { Services } from "../../shared/composition.ts";
import { PipelineRunInput } from "../../shared/domain/turns.ts";

/** Moves a pipeline run on; see services/advance-run.ts. */
export const advanceRun = (services: Services) => (input: unknown) => services.advanceRun(PipelineRunInput.parse(input));
