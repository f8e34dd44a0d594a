import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { DIST } from "../support/paths.ts";
import { WATCH_VARIABLE } from "./orders.ts";

/** The environment in which a workspace is watched; its reports go to the folder. */
export function watching(folder: string): Record<string, string> {
  return { NODE_OPTIONS: `--import=${pathToFileURL(join(DIST, "bench", "watch.js")).href}`, [WATCH_VARIABLE]: folder };
}
