import { z } from "zod";
import { StartError } from "./start-error.ts";

/** Settings of `npm start` that come as environment variables, since a machine sets them once for all its workspaces. Empty ones are unset. */
const LocalSettings = z.object({
  /** The default interpreter, a name on PATH or a path. */
  PENSTOCK_LOCAL_PYTHON: z.string().optional(),
  /** Arguments of each `pip install`, blanks between. */
  PENSTOCK_LOCAL_PIP_ARGUMENTS: z.string().transform(words).optional(),
  /** How many jobs run at a time. */
  PENSTOCK_LOCAL_NODES: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, "a whole number from 1 to 9999")
    .transform(Number)
    .optional(),
});

/**
 * Reads them as members of the stand-ins' configuration.
 * @throws {StartError} for one that is wrong.
 */
export function readLocalSettings(environment: Readonly<Record<string, string | undefined>>): {
  python?: string;
  pipArguments?: string[];
  maxNodes?: number;
} {
  const parsed = LocalSettings.safeParse(Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim())));
  if (!parsed.success) {
    const [{ path, message } = { path: [], message: "" }] = parsed.error.issues;
    const name = String(path[0]);
    throw new StartError(`${name} is ${JSON.stringify(environment[name])}`, `set it to ${message}, or unset it`);
  }
  const { PENSTOCK_LOCAL_PYTHON: python, PENSTOCK_LOCAL_PIP_ARGUMENTS: pipArguments, PENSTOCK_LOCAL_NODES: maxNodes } = parsed.data;
  return {
    ...(python !== undefined && { python }),
    ...(pipArguments !== undefined && { pipArguments }),
    ...(maxNodes !== undefined && { maxNodes }),
  };
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
