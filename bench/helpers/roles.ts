import type { OpenRole } from "./role.ts";

/** Each is loaded only in the process that plays it, so that a bare baseline is bare. */
export const ROLES: Readonly<Record<string, OpenRole>> = {
  spawner: async (args) => (await import("./spawner.ts")).openSpawner(args),
};
