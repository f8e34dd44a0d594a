import { RunId } from "../../domain/ids.ts";
import type { Assignment } from "../../domain/parameters.ts";
import { iso, type Schedule } from "../../domain/schedules/schedule.ts";
import type { Tick, TickBlob, TickKey } from "../../domain/schedules/tick.ts";
import type { Clock } from "../../ports/clock.ts";
import { type Stored, StoreError } from "../../ports/documents.ts";
import type { Log } from "../../ports/log.ts";
import type { RunStore } from "../../ports/run-store.ts";
import type { ScheduleStore } from "../../ports/schedule-store.ts";
import type { SubmitScheduled } from "./submit-scheduled.ts";
import { takeTurn } from "./take-turn.ts";
import { mayPass, tellError } from "./tell-error.ts";

export interface RunTickDeps {
  store: ScheduleStore;
  runs: RunStore;
  submitScheduled: SubmitScheduled;
  clock: Clock;
  log: Log;
}

/** A tick that is to run. `runId`: of its run, where that is decided already. */
export interface WantedTick {
  key: TickKey;
  kind: Tick["kind"];
  due: number;
  blob?: TickBlob;
  runId?: RunId;
}

/** A submit that breaks for no reason that was foreseen is tried again for so long, as it may be that the app is being replaced. */
const GIVEN_UP_MS = 3_600_000;

/**
 * Runs one tick, or finishes what somebody began of it: it is claimed under its key together with the id of the run, the run is submitted under that
 * id, and what came of it is written down. Whoever does this again, at the same time or after a crash, comes to the same run.
 * @returns the tick with its outcome.
 * @throws whatever keeps the run from being submitted for now; the tick then stays claimed, and running it again goes on.
 */
export async function runTick(deps: RunTickDeps, schedule: Schedule, wanted: WantedTick): Promise<Tick> {
  const { store } = deps;
  let stored = await store.tick(schedule.id, wanted.key);
  if (!stored) {
    await store.createTick(schedule.id, await decide(deps, schedule, wanted));
    stored = await store.tick(schedule.id, wanted.key);
  }
  if (!stored) throw new StoreError("unavailable", `tick ${wanted.key} of schedule ${schedule.id} was there and is gone`);
  return await finishTick(deps, schedule, stored);
}

async function decide(deps: RunTickDeps, schedule: Schedule, { key, kind, due, blob, runId }: WantedTick): Promise<Tick> {
  const common = { key, kind, due: iso(due), decidedAt: iso(deps.clock.now()), ...(blob && { blob }) };
  const own = runId ?? RunId.parse(deps.clock.newId());
  // A test is asked for by somebody who wants to see it run.
  const turn = kind === "test" ? { runId: own } : await takeTurn(deps, schedule, key, own);
  if ("runId" in turn) return { ...common, status: "Starting", starts: true, runId: turn.runId };
  return {
    ...common,
    status: "Skipped",
    starts: false,
    runId: turn.goingOn,
    cause: `run ${turn.goingOn} of an earlier tick was still going`,
    remedy: 'set policy.overlap to "allow" for runs side by side, or make the interval longer than a run',
  };
}

/** Submits the run of a tick that was claimed and not finished. */
export async function finishTick(deps: RunTickDeps, schedule: Schedule, { value: tick, etag }: Stored<Tick>): Promise<Tick> {
  if (tick.status !== "Starting" || tick.runId === undefined) return tick;
  const outcome = await submit(deps, schedule, tick, tick.runId);
  const finished = { ...tick, ...outcome };
  if (await deps.store.replaceTick(schedule.id, finished, etag)) return finished;
  return (await deps.store.tick(schedule.id, tick.key))?.value ?? finished;
}

async function submit(deps: RunTickDeps, schedule: Schedule, tick: Tick, runId: RunId): Promise<Partial<Tick>> {
  const detail = { scheduleId: schedule.id, tick: tick.key, runId };
  try {
    await deps.submitScheduled({ schedule, runId, assignments: assignmentsOf(schedule, tick) });
    return { status: "Started" };
  } catch (error) {
    if (mayPass(error)) throw error;
    const told = tellError(error);
    if (!told) {
      deps.log.error("tick of a schedule broke", { ...detail, cause: error instanceof Error ? error.stack : String(error) });
      if (deps.clock.now() - Date.parse(tick.decidedAt) < GIVEN_UP_MS) throw error;
    }
    deps.log.warn("tick of a schedule started no run", { ...detail, cause: told?.cause });
    return { status: "Failed", ...(told ?? { cause: "InternalError", remedy: `the app's log has it under schedule ${schedule.id}` }) };
  }
}

function assignmentsOf({ parameters, trigger }: Schedule, { blob }: Tick): Assignment[] {
  const given: Assignment = { origin: "schedule", values: parameters };
  if (trigger.kind !== "blobChange" || trigger.dataPathParameterName === undefined || !blob) return [given];
  const value = { datastore: blob.datastore, path: blob.path };
  return [given, { origin: "blob", values: { [trigger.dataPathParameterName]: value } }];
}
