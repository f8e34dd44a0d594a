import type { Services } from "../../shared/composition.ts";
import { PipelineRunInput } from "../../shared/domain/turns.ts";

/** Ends a run that could not be advanced for a long time; see services/fail-run.ts. */
export const failRun = (services: Services) => (input: unknown) => services.failRun(PipelineRunInput.parse(input));
