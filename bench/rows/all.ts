import type { Family } from "../family.ts";
import { engineRows } from "./engine.ts";
import { httpRows } from "./http.ts";
import { latencyRows } from "./latency.ts";
import { logRows } from "./log.ts";
import { manyRunsRows } from "./many-runs.ts";
import { orchestrationRows } from "./orchestrations.ts";
import { peerRows } from "./peers.ts";
import { snapshotRows } from "./snapshot.ts";
import { startRows } from "./start.ts";
import { stepRows } from "./steps.ts";
import { syncRows } from "./syncs.ts";

/** Every row there is, in the order of the report. */
export const FAMILIES: readonly Family[] = [
  stepRows,
  peerRows,
  engineRows,
  latencyRows,
  httpRows,
  orchestrationRows,
  manyRunsRows,
  syncRows,
  snapshotRows,
  startRows,
  logRows,
];
