import { asJson } from "./json-reader.ts";
import { Refusal } from "./refusal.ts";
import { EventType, type HistoryEvent } from "./wire.ts";

const NAMES = new Map<number, string>(Object.entries(EventType).map(([name, number]) => [number, name]));
const HIDDEN = new Set<string>([
  "EventType",
  "EventId",
  "IsPlayed",
  "Timestamp",
  "TaskScheduledId",
  "TimerId",
  "Name",
  "Version",
  "OrchestrationInstance",
  "ParentInstance",
  "Tags",
]);

/**
 * `historyEvents`: each event by name, what was scheduled folded into its completion, turns left out [R status-options].
 * @throws {Refusal} two tasks of one number, as a non-determinism failure leaves them [R changed-name].
 */
export function historyJson(events: readonly HistoryEvent[], show: { output: boolean; input: boolean }): string {
  const scheduled = new Map<string, HistoryEvent>();
  const shown: string[] = [];
  for (const event of events) {
    switch (event.EventType) {
      case EventType.OrchestratorStarted:
      case EventType.OrchestratorCompleted:
        continue;
      case EventType.TaskScheduled:
      case EventType.SubOrchestrationInstanceCreated:
        remember(scheduled, event);
        continue;
      default:
        shown.push(one(event, completed(scheduled, event), show));
    }
  }
  return `[${shown.join(",")}]`;
}

function remember(scheduled: Map<string, HistoryEvent>, event: HistoryEvent): void {
  const key = keyOf(event.EventType, event.EventId);
  if (scheduled.has(key)) throw Refusal.argument(`An item with the same key has already been added. Key: ${key}`);
  scheduled.set(key, event);
}

function keyOf(type: number, id: number): string {
  return `${NAMES.get(type)}_${id}`;
}

function completed(scheduled: ReadonlyMap<string, HistoryEvent>, event: HistoryEvent): HistoryEvent | undefined {
  switch (event.EventType) {
    case EventType.TaskCompleted:
    case EventType.TaskFailed:
      return scheduled.get(keyOf(EventType.TaskScheduled, event.TaskScheduledId ?? -1));
    case EventType.SubOrchestrationInstanceCompleted:
    case EventType.SubOrchestrationInstanceFailed:
      return scheduled.get(keyOf(EventType.SubOrchestrationInstanceCreated, event.TaskScheduledId ?? -1));
    default:
      return undefined;
  }
}

function one(event: HistoryEvent, from: HistoryEvent | undefined, show: { output: boolean; input: boolean }): string {
  const members: [string, string][] = [["EventType", JSON.stringify(NAMES.get(event.EventType) ?? "")]];
  for (const [name, value] of Object.entries(event)) {
    if (HIDDEN.has(name) && !(name === "Name" && event.EventType === EventType.EventRaised)) continue;
    if (name === "Result") {
      if (show.output) members.push([name, asJson(value as string | null)]);
    } else if (name !== "Input" || show.input) members.push([name, JSON.stringify(value)]);
  }
  members.push(["Timestamp", JSON.stringify(event.Timestamp)]);
  if (from)
    members.push(
      ["ScheduledTime", JSON.stringify(from.Timestamp.replace(/Z$/, "+00:00"))],
      ["FunctionName", JSON.stringify(from.Name ?? "")],
    );
  if (from && show.input) members.push(["Input", "null"]);
  if (event.EventType === EventType.ExecutionStarted) members.push(["FunctionName", JSON.stringify(event.Name ?? "")]);
  return `{${members.map(([name, text]) => `"${name}":${text}`).join(",")}}`;
}
