import { type NewWork, nameOf } from "./replay-world.ts";
import type { Outcome } from "./second-replay.ts";
import type { RuntimeStatus } from "./storage.ts";
import { EventType, event, type HistoryEvent, wireTime } from "./wire.ts";

/** What stands in the history for something scheduled. */
export function scheduledEvent(work: NewWork, now: number): HistoryEvent {
  switch (work.kind) {
    case "timer":
      return event(EventType.TimerCreated, now, { FireAt: wireTime(work.fireAt) }, work.id);
    case "child":
      return event(
        EventType.SubOrchestrationInstanceCreated,
        now,
        { Name: work.name, Version: "", InstanceId: work.instanceId, Input: null },
        work.id,
      );
    default:
      return event(EventType.TaskScheduled, now, { Name: nameOf(work), Version: "", Input: null, ParentTraceContext: null }, work.id);
  }
}

/** What ends a history; undefined while the execution goes on. */
export function completedEvent(outcome: Outcome, now: number): HistoryEvent | undefined {
  const status = finalStatus(outcome);
  return (
    status && event(EventType.ExecutionCompleted, now, { OrchestrationStatus: status, Result: outputOf(outcome), FailureDetails: null })
  );
}

function finalStatus(outcome: Outcome): RuntimeStatus | undefined {
  switch (outcome.kind) {
    case "completed":
      return "Completed";
    case "failed":
      return "Failed";
    case "terminated":
      return "Terminated";
    default:
      return undefined;
  }
}

/** JSON for a result, plain text for a failure or a reason. */
export function outputOf(outcome: Outcome): string | null {
  switch (outcome.kind) {
    case "completed":
      return outcome.output;
    case "failed":
    case "terminated":
      return outcome.reason;
    default:
      return null;
  }
}

/** The status that clients see after an episode with these events. */
export function statusAfter(outcome: Outcome, before: RuntimeStatus, events: readonly HistoryEvent[]): RuntimeStatus {
  const final = finalStatus(outcome);
  if (final) return final;
  let status: RuntimeStatus = before === "Suspended" ? "Suspended" : "Running";
  for (const { EventType: type } of events) {
    if (type === EventType.ExecutionSuspended) status = "Suspended";
    if (type === EventType.ExecutionResumed) status = "Running";
  }
  return status;
}
