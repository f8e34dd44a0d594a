import type { Family } from "../family.ts";
import { stepRows } from "./steps.ts";

/** Every row there is, in the order of the report. */
export const FAMILIES: readonly Family[] = [stepRows];
