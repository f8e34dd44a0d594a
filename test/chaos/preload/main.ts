import { syncBuiltinESMExports } from "node:module";
import { sep } from "node:path";
import type { Orders, Role } from "../arms.ts";
import { ORDERS_VARIABLE } from "../arms.ts";
import { patchFs } from "./patch-fs.ts";
import { patchFsPromises } from "./patch-fs-promises.ts";
import { patchSqlite } from "./patch-sqlite.ts";
import { Points } from "./points.ts";

/**
 * Comes before the programs of a workspace by `node --import`, and puts itself between them and `node:fs` and `node:sqlite`. The programs know
 * nothing of it. In other processes that inherit the option it does nothing.
 */
const PROGRAMS: Readonly<Record<string, Role>> = { "local/start.js": "host", "local/clouds/main.js": "stand-ins" };

const orders = process.env[ORDERS_VARIABLE];
const program = (process.argv[1] ?? "").split(sep).join("/");
const role = Object.entries(PROGRAMS).find(([entry]) => program.endsWith(`/dist/${entry}`))?.[1];
if (orders !== undefined && role !== undefined) {
  const points = new Points(JSON.parse(orders) as Orders, role);
  await patchFsPromises(points);
  patchFs(points);
  patchSqlite(points);
  syncBuiltinESMExports();
}
