/** The history of an orchestration as the extension puts it on the wire, event by event. */

/** Kinds of history event, by the number that travels. */
export const EventType = {
  ExecutionStarted: 0,
  ExecutionCompleted: 1,
  ExecutionTerminated: 3,
  TaskScheduled: 4,
  TaskCompleted: 5,
  TaskFailed: 6,
  SubOrchestrationInstanceCreated: 7,
  SubOrchestrationInstanceCompleted: 8,
  SubOrchestrationInstanceFailed: 9,
  TimerCreated: 10,
  TimerFired: 11,
  OrchestratorStarted: 12,
  OrchestratorCompleted: 13,
  EventSent: 14,
  EventRaised: 15,
  ExecutionSuspended: 19,
  ExecutionResumed: 20,
  ExecutionRewound: 21,
} as const;

/** Which execution started a child, and as which of its tasks. */
export interface ParentInstance {
  Name: string;
  OrchestrationInstance: { InstanceId: string; ExecutionId: string };
  TaskScheduleId: number;
  Version: string;
}

/** One event; which members it has depends on `EventType`. `EventId` is the sequence number of what was scheduled, else -1. */
export interface HistoryEvent {
  EventType: number;
  EventId: number;
  IsPlayed: boolean;
  /** ISO 8601, UTC. */
  Timestamp: string;
  Name?: string;
  Input?: string | null;
  Result?: string | null;
  Reason?: string | null;
  Details?: string | null;
  TaskScheduledId?: number;
  TimerId?: number;
  FireAt?: string;
  InstanceId?: string;
  OrchestrationStatus?: string;
  OrchestrationInstance?: { InstanceId: string; ExecutionId: string };
  ParentInstance?: ParentInstance | null;
  [other: string]: unknown;
}

let newest = { at: Number.NaN, text: "" };

/** ISO 8601 as .NET's serializer writes it: without trailing zeros in the fraction. `at` is milliseconds since the epoch. */
export function wireTime(at: number): string {
  // Most events of an episode are of the same millisecond.
  if (at !== newest.at) newest = { at, text: new Date(at).toISOString().replace(/\.?0+Z$/, "Z") };
  return newest.text;
}

/** An event not played yet; `members` come behind the common ones. */
export function event(type: number, at: number, members: Record<string, unknown> = {}, id = -1): HistoryEvent {
  return { EventType: type, EventId: id, IsPlayed: false, Timestamp: wireTime(at), ...members };
}

/** What started an execution. `input` is JSON text, null when the start had no body. */
export function executionStarted(
  at: number,
  start: { name: string; instanceId: string; executionId: string; input: string | null; parent: ParentInstance | null },
): HistoryEvent {
  return event(EventType.ExecutionStarted, at, {
    OrchestrationInstance: { InstanceId: start.instanceId, ExecutionId: start.executionId },
    ParentInstance: start.parent,
    Name: start.name,
    Version: "",
    Input: start.input,
    Tags: null,
    Correlation: null,
    ParentTraceContext: null,
    ScheduledStartTime: null,
    Generation: null,
  });
}

/**
 * The text of an event once it was played. Quotes inside values are escaped, so the first match is the member itself;
 * OrchestratorStarted alone is never marked [R can-object-five].
 */
export function playedText(text: string): string {
  return text.startsWith('{"EventType":12,') ? text : text.replace('"IsPlayed":false', '"IsPlayed":true');
}

const SCHEDULING: ReadonlySet<number> = new Set([
  EventType.ExecutionCompleted,
  EventType.TaskScheduled,
  EventType.SubOrchestrationInstanceCreated,
  EventType.TimerCreated,
  EventType.EventSent,
]);

/** How many events at the end of a stored history were left by the last episode: the next one still sees them as not played. */
export function leftByLastEpisode(texts: readonly string[]): number {
  if (eventType(texts.at(-1)) !== EventType.OrchestratorCompleted) return 0;
  let left = 1;
  while (SCHEDULING.has(eventType(texts.at(-1 - left)))) left++;
  return left;
}

/** The kind of an event, by its text. */
function eventType(text: string | undefined): number {
  return text === undefined ? -1 : Number.parseInt(text.slice('{"EventType":'.length), 10);
}

/** JSON text of a value; null stands for "nothing", which both undefined and null are on the way to .NET. */
export function jsonText(value: unknown): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value);
}
