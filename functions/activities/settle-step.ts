import type { Services } from "../../shared/composition.ts";
import { StepRunInput } from "../../shared/domain/turns.ts";

/** Looks at a step's job and settles the step when it has ended; see services/settle-step.ts. */
export const settleStep = (services: Services) => (input: unknown) => services.settleStep(StepRunInput.parse(input));
