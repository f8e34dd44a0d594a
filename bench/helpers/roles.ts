import type { OpenRole } from "./role.ts";

/** Each is loaded only in the process that plays it, so that a bare baseline is bare. */
export const ROLES: Readonly<Record<string, OpenRole>> = {
  spawner: async (args) => (await import("./spawner.ts")).openSpawner(args),
  load: async (args) => (await import("./load.ts")).openLoad(args),
  "bare-http": async (args) => (await import("./bare-http.ts")).openBareHttp(args),
  "functions-host": async (args) => (await import("./functions-host.ts")).openFunctionsHost(args),
  inserts: async (args) => (await import("./inserts.ts")).openInserts(args),
  engine: async (args) => (await import("./engine.ts")).openEngine(args),
};
