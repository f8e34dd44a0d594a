import type { Services } from "../../shared/composition.ts";
import { StepRunInput } from "../../shared/domain/turns.ts";

/** Ends a step that could not be driven for a long time; see services/fail-step.ts. */
export const failStep = (services: Services) => (input: unknown) => services.failStep(StepRunInput.parse(input));
