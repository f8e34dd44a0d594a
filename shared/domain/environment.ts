import { z } from "zod";

/** What a step's code needs around it, as v1's run configuration says it. */
export const EnvironmentSpec = z.strictObject({
  /** For people; identity is the content. */
  name: z.string().max(255).optional(),
  /** Base image; absent: the workspace's default image. */
  image: z.string().min(1).max(1024).optional(),
  /** A conda environment file as one YAML text (its `pip:` list included). */
  condaFile: z.string().max(262_144).optional(),
  variables: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string().max(65_536)).default({}),
});
export type EnvironmentSpec = z.infer<typeof EnvironmentSpec>;
