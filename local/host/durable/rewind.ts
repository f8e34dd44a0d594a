import type { Engine } from "./engine.ts";
import type { HistoryRow, InstanceRow } from "./storage.ts";
import { EventType, event, type HistoryEvent, type ParentInstance } from "./wire.ts";

/**
 * Takes the failures out of a failed instance's history, so that what failed is called anew: TaskFailed and
 * SubOrchestrationInstanceFailed with what scheduled them, and ExecutionCompleted. Failed children are rewound first.
 * The instance gets a new execution id, since answers to the old one must not arrive any more.
 */
export function rewind(engine: Engine, row: InstanceRow, reason: string | null): void {
  const rows = engine.storage.history(row.key).map(({ text, digest }) => ({ event: JSON.parse(text) as HistoryEvent, digest }));
  const failedTasks = idsOf(rows, EventType.TaskFailed);
  const failedChildren = idsOf(rows, EventType.SubOrchestrationInstanceFailed);
  const executionId = engine.parts.random.hex32();
  const kept = rows.filter(({ event: e }) => !isFailure(e) && !(e.EventType === EventType.TaskScheduled && failedTasks.has(e.EventId)));
  const children = kept.filter(
    ({ event: e }) => e.EventType === EventType.SubOrchestrationInstanceCreated && failedChildren.has(e.EventId),
  );
  engine.commits.write();
  engine.reopen(
    row,
    executionId,
    kept.map((one) => stored(one, executionId)),
  );
  for (const child of children) rewindChild(engine, row, executionId, child.event, reason);
  engine.send(row, event(EventType.ExecutionRewound, engine.now(), { Reason: reason }), executionId);
}

function rewindChild(engine: Engine, parent: InstanceRow, parentExecution: string, created: HistoryEvent, reason: string | null): void {
  const child = engine.storage.instance(created.InstanceId ?? "");
  if (child?.status !== "Failed" || child.parent === null) return;
  const link: ParentInstance = {
    ...(JSON.parse(child.parent) as ParentInstance),
    OrchestrationInstance: { InstanceId: parent.id, ExecutionId: parentExecution },
  };
  rewind(engine, { ...child, parent: JSON.stringify(link) }, reason);
}

function idsOf(rows: readonly { event: HistoryEvent }[], type: number): Set<number> {
  return new Set(rows.filter(({ event: e }) => e.EventType === type).map(({ event: e }) => e.TaskScheduledId ?? -1));
}

function isFailure({ EventType: type }: HistoryEvent): boolean {
  return type === EventType.TaskFailed || type === EventType.SubOrchestrationInstanceFailed || type === EventType.ExecutionCompleted;
}

/** The start of the history names the new execution, as children's ids and answers are made from it. */
function stored({ event: e, digest }: { event: HistoryEvent; digest: string | null }, executionId: string): HistoryRow {
  const renamed =
    e.EventType === EventType.ExecutionStarted
      ? { ...e, OrchestrationInstance: { InstanceId: e.OrchestrationInstance?.InstanceId ?? "", ExecutionId: executionId } }
      : e;
  return { text: JSON.stringify(renamed), digest };
}
