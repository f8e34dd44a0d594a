import { z } from "zod";
import { PlainText } from "./ids.ts";

/** What a step's code needs around it, as v1's run configuration says it. */
export const EnvironmentSpec = z.strictObject({
  /** For people; identity is the content. */
  name: z.string().max(255).optional(),
  /** Base image; absent: the workspace's default image. */
  image: PlainText.min(1).max(1024).optional(),
  /** A conda environment file as one YAML text (its `pip:` list included). */
  condaFile: PlainText.max(262_144).optional(),
  variables: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "a name of an environment variable"), PlainText.max(65_536)).default({}),
});
export type EnvironmentSpec = z.infer<typeof EnvironmentSpec>;
