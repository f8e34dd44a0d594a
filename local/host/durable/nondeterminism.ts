import type { NewWork } from "./replay-world.ts";
import { EventType, type HistoryEvent } from "./wire.ts";

/** DurableTask.Core's class names of decisions, which its error texts mention. */
const DECISIONS: Record<NewWork["kind"], string> = {
  activity: "ScheduleTaskOrchestratorAction",
  http: "ScheduleTaskOrchestratorAction",
  timer: "CreateTimerOrchestratorAction",
  child: "CreateSubOrchestrationAction",
};
const CHANGED = "Was a change made to the orchestrator code after this instance had already started running?";

/**
 * Why an event of the history contradicts what the orchestrator wants now, or undefined when they agree. As in
 * DurableTask.Core, kind and name count, the name ignoring case, and nothing else. Callers see this text as the
 * output of the instance, so it is the real one, blanks included.
 */
export function contradiction(event: HistoryEvent, wanted: NewWork | undefined, nameOf: (work: NewWork) => string): string | undefined {
  const text = contradictionText(event, wanted, nameOf);
  return text === undefined
    ? undefined
    : `Non-Deterministic workflow detected: A previous execution of this orchestration scheduled ${text}`;
}

function contradictionText(event: HistoryEvent, wanted: NewWork | undefined, nameOf: (work: NewWork) => string): string | undefined {
  const id = event.EventId;
  const name = event.Name ?? "";
  const decision = wanted && DECISIONS[wanted.kind];
  switch (event.EventType) {
    case EventType.TaskScheduled:
      if (!wanted)
        return `an activity task with sequence ID ${id} and name '${name}' (version ''), but the current replay execution hasn't (yet?) scheduled this task. ${CHANGED}`;
      if (wanted.kind !== "activity" && wanted.kind !== "http")
        return `an activity task with sequence number ${id} named '${name}', but the current orchestration replay instead produced a ${decision} action with this sequence number. ${CHANGED}`;
      if (!sameName(name, nameOf(wanted)))
        return `an activity task with sequence number ${id} named '${name}', but the current orchestration replay instead scheduled an activity task named '${nameOf(wanted)}' with this sequence number.  ${CHANGED}`;
      return undefined;
    case EventType.TimerCreated:
      if (!wanted)
        return `a timer task with sequence number ${id} but the current replay execution hasn't (yet?) scheduled this task. ${CHANGED}`;
      if (wanted.kind !== "timer")
        return `a timer task with sequence number ${id} named but the current orchestration replay instead produced a ${decision} action with this sequence number. ${CHANGED}`;
      return undefined;
    default: {
      const before = `a sub-orchestration task with sequence ID ${id} and name '${name}' (version '', instance ID '${event.InstanceId}'), but the current`;
      if (!wanted) return `${before} replay execution hasn't (yet?) scheduled this task. ${CHANGED}`;
      if (wanted.kind !== "child")
        return `${before} orchestration replay instead produced a ${decision} action at this sequence number. ${CHANGED}`;
      if (!sameName(name, wanted.name))
        return `${before} orchestration replay instead scheduled a sub-orchestration task with name ${wanted.name} at this sequence number. ${CHANGED}`;
      return undefined;
    }
  }
}

/** Ordinal comparison that ignores case. */
export function sameName(a: string, b: string): boolean {
  return a === b || a.toUpperCase() === b.toUpperCase();
}
