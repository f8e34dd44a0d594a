import type { Comparer } from "./compare.ts";
import type { ObservedWorker } from "./observed-worker.ts";
import { executionOf, type RecordedActivity, type Recording, type Trigger } from "./recording.ts";

/** Compares what a scenario came to: the status of every instance, the activities, and what stands in the histories. */
export async function compareRun(
  recording: Recording,
  worker: ObservedWorker,
  comparer: Comparer,
  status: (id: string) => Promise<unknown>,
): Promise<void> {
  const recorded = executions(recording.episodes.map((e) => e.trigger));
  const ours = executions(worker.episodes.map((e) => e.trigger));
  pairExecutions(recorded, ours, comparer);
  const started = recording.episodes[0]?.trigger.instanceId;
  const first = (recording.final as { instanceId?: string } | null)?.instanceId ?? firstId(recording) ?? started;
  if (recording.final && first !== undefined) comparer.same("final", recording.final, await status(comparer.idOf(first)));
  for (const [id, final] of Object.entries(recording.otherInstances ?? {}))
    comparer.same(`final of ${id}`, final, await status(comparer.idOf(id)));
  compareEpisodes(recording, worker, comparer);
  comparer.sameInAnyOrder("activities", recording.activities.map(plainActivity), worker.activities.map(plainActivity));
}

/** The id of the first instance that a call started. */
function firstId({ clientCalls }: Recording): string | undefined {
  const started = clientCalls.find((c) => c.call === "startNew" && typeof c.result === "string");
  return started?.result as string | undefined;
}

function plainActivity({ name, input, result, error }: RecordedActivity): unknown {
  return { name, input, ...(error ? { error: error.message } : { result: result ?? null }) };
}

/** The executions of each instance, in order. */
function executions(triggers: readonly Trigger[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const trigger of triggers) {
    const known = found.get(trigger.instanceId) ?? [];
    const id = executionOf(trigger);
    if (!known.includes(id)) found.set(trigger.instanceId, [...known, id]);
  }
  return found;
}

/** Ids of children are made of their parents' execution ids, so those are learnt from the outside in. */
function pairExecutions(recorded: ReadonlyMap<string, string[]>, ours: ReadonlyMap<string, string[]>, comparer: Comparer): void {
  const left = new Map(recorded);
  for (let found = true; found; ) {
    found = false;
    for (const [id, ids] of left) {
      const mine = ours.get(comparer.idOf(id));
      if (!mine) continue;
      ids.forEach((one, i) => comparer.pair(one, mine[i] ?? one));
      left.delete(id);
      found = true;
    }
  }
}

/**
 * What the orchestrator was given, event by event, and what it answered, wherever the run came in the same order as the recording: which parallel
 * work ends first, and how many answers share a turn, may differ.
 */
function compareEpisodes(recording: Recording, worker: ObservedWorker, comparer: Comparer): void {
  const ours = Map.groupBy(worker.episodes, ({ trigger }) => executionOf(trigger));
  for (const [id, episodes] of Map.groupBy(recording.episodes, ({ trigger }) => executionOf(trigger))) {
    const mine = ours.get(comparer.idOf(id)) ?? [];
    episodes.forEach(({ trigger, reply }, i) => {
      const other = mine[i];
      if (!other || order(trigger) !== order(other.trigger)) return;
      comparer.same(`reply ${i} of ${trigger.instanceId}`, reply, other.reply);
      comparer.same(`trigger ${i} of ${trigger.instanceId}`, visible(trigger), visible(other.trigger));
    });
  }
}

function order({ history }: Trigger): string {
  return history.map((e) => `${e.EventType} ${e.EventId} ${e.TaskScheduledId ?? e.TimerId ?? ""}`).join();
}

/** Without what is not compared: span ids, and the dump of .NET's exception behind a failure's message. */
function visible({ history, ...rest }: Trigger): unknown {
  return {
    ...rest,
    history: history.map(({ ClientSpanId: _, Details, ...event }) => ({
      ...event,
      ...(typeof Details === "string" && { Details: beginning(Details) }),
    })),
  };
}

function beginning(details: string): string {
  return details.slice(0, details.search(/,"Data"|, StackTrace|$/));
}
