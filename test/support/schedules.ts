import { RunId } from "../../shared/domain/ids.ts";
import { dueAt, Schedule } from "../../shared/domain/schedules/schedule.ts";
import type { Tick } from "../../shared/domain/schedules/tick.ts";
import { anId } from "./graphs.ts";

const AT = "2026-01-01T00:00:00.000Z";

/** A schedule that is due each minute, as it is stored. */
export function aSchedule(n: number, more: object = {}, due?: number): Schedule {
  const schedule = Schedule.parse({
    id: anId(n),
    name: `schedule ${n}`,
    pipelineId: anId(1000),
    experimentName: "scheduled",
    trigger: { kind: "recurrence", frequency: "Minute" },
    status: "Active",
    createdAt: AT,
    createdBy: { objectId: "ada", tenantId: "tenant" },
    modifiedAt: AT,
    anchor: AT,
    watchingSince: AT,
    dueBucket: "",
    watching: false,
    ...more,
  });
  return due === undefined ? schedule : dueAt(schedule, due);
}

/** A tick that is being started. */
export function aTick(due: string, more: Partial<Tick> = {}): Tick {
  return { key: due, kind: "timer", due, decidedAt: due, status: "Starting", starts: true, runId: RunId.parse(anId(9)), ...more };
}
