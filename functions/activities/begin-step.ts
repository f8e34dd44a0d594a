import type { Services } from "../../shared/composition.ts";
import { StepRunInput } from "../../shared/domain/turns.ts";

/** Submits a step's job; see services/begin-step.ts. */
export const beginStep = (services: Services) => (input: unknown) => services.beginStep(StepRunInput.parse(input));
