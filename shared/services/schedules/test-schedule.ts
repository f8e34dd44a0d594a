import { createHash } from "node:crypto";
import type { TickResource } from "../../api/schedule-resources.ts";
import { RunId } from "../../domain/ids.ts";
import { ProblemError } from "../../domain/problems.ts";
import type { Schedule } from "../../domain/schedules/schedule.ts";
import { momentKey, type TickBlob } from "../../domain/schedules/tick.ts";
import { findSchedule } from "./change-schedule.ts";
import { type RunTickDeps, runTick } from "./run-tick.ts";
import { toTickResource } from "./view-schedules.ts";

/** @param path of a blob, for a schedule that gives one to its pipeline. @param idempotencyKey the same one finds the tick of the first time. */
export interface TestScheduleCall {
  id: string;
  path?: string | undefined;
  idempotencyKey?: string | undefined;
}

/**
 * Runs a schedule's pipeline now, as a tick that is recorded as a test. It counts for nothing else: it is neither held up by a run that is still going,
 * nor does it move the next tick.
 * @returns the tick with its outcome, which may be that no run could be started.
 * @throws {ProblemError} not-found; `invalid-request` for the path.
 */
export const testSchedule =
  (deps: RunTickDeps) =>
  async ({ id, path, idempotencyKey }: TestScheduleCall): Promise<TickResource> => {
    const schedule = await findSchedule(deps.store, id);
    const blob = blobOf(schedule, path);
    const now = deps.clock.now();
    const runId = RunId.parse(deps.clock.newId());
    const own = { tick: momentKey(now, runId), runId };
    const change = idempotencyKey === undefined ? undefined : createHash("sha256").update(`test:${idempotencyKey}`).digest("hex");
    const claim = change === undefined ? own : await deps.store.claimChange(schedule.id, change, own);
    const due = Date.parse(claim.tick.slice(0, claim.tick.indexOf("_")));
    const tick = await runTick(deps, schedule, { key: claim.tick, kind: "test", due, runId: claim.runId, ...(blob && { blob }) });
    await deps.store.durable();
    return toTickResource(tick);
  };

function blobOf({ trigger }: Schedule, path: string | undefined): TickBlob | undefined {
  if (trigger.kind !== "blobChange") {
    if (path === undefined) return undefined;
    throw invalid("path is for schedules that watch blobs, and this one goes by the clock", "leave path out");
  }
  const { datastore } = trigger;
  if (path !== undefined) return { datastore, path };
  if (trigger.dataPathParameterName === undefined) return undefined;
  if (trigger.batch !== "each" && trigger.path !== undefined) return { datastore, path: trigger.path };
  const remedy = `name a blob of ${datastore}, as in ?path=${trigger.path === undefined ? "" : `${trigger.path}/`}table.csv`;
  throw invalid(`parameter ${JSON.stringify(trigger.dataPathParameterName)} wants the path of a blob`, remedy);
}

function invalid(message: string, remedy: string): ProblemError {
  return new ProblemError({ kind: "invalid-request", errors: [{ pointer: "/query/path", message, remedy }] });
}
