import { type Answer, type Decision, Execution } from "../../local/host/durable/execution.ts";
import { invocationFailure } from "../../local/host/durable/failure.ts";
import { type NewWork, nameOf, type ReplayWorld } from "../../local/host/durable/replay-world.ts";
import { EventType, type HistoryEvent } from "../../local/host/durable/wire.ts";
import type { Comparer } from "./compare.ts";
import { durationMs, type Episode, executionOf, type Recording } from "./recording.ts";

const SCHEDULED: ReadonlySet<number> = new Set([
  EventType.TaskScheduled,
  EventType.SubOrchestrationInstanceCreated,
  EventType.TimerCreated,
]);

/**
 * The README's second way: from each recorded history and reply this host's second replay works out what is new, which the
 * next episode shows; after the last one, the final status does. Walked both from the first event and going on from the
 * episode before.
 */
export function checkSecondReplay(recording: Recording, world: Omit<ReplayWorld, "limits">, comparer: Comparer): void {
  const executions = Map.groupBy(recording.episodes, ({ trigger }) => executionOf(trigger));
  const newest = new Map(recording.episodes.map(({ trigger }) => [trigger.instanceId, executionOf(trigger)]));
  for (const [id, episodes] of executions) {
    const last = checkExecution(episodes, world, comparer);
    const instance = episodes[0]?.trigger.instanceId ?? "";
    if (last && newest.get(instance) === id) checkFinal(recording, instance, last, comparer);
  }
}

function checkExecution(episodes: readonly Episode[], world: Omit<ReplayWorld, "limits">, comparer: Comparer): Decision | undefined {
  const first = episodes[0]?.trigger;
  if (!first) return undefined;
  const limits = {
    maximumShortTimerMs: durationMs(first.maximumShortTimerDuration),
    timerLegMs: durationMs(first.longRunningTimerIntervalDuration),
    httpSleepMs: first.defaultHttpAsyncRequestSleepTimeMillseconds,
  };
  const facts = {
    name: first.history.find((e) => e.EventType === EventType.ExecutionStarted)?.Name ?? "",
    instanceId: first.instanceId,
    executionId: executionOf(first),
    parentInstanceId: first.parentInstanceId,
  };
  const growing = new Execution(facts, { ...world, limits });
  let seen = 0;
  let decision: Decision | undefined;
  episodes.forEach((episode, i) => {
    const where = `second replay, ${first.instanceId}, episode ${i}`;
    const { history } = episode.trigger;
    const answer = answerOf(episode);
    decision = new Execution(facts, { ...world, limits }).decide(history, answer);
    const news = history.slice(seen);
    const continued = growing.decide(news, answer);
    comparer.same(`${where}, going on`, plain(decision), plain(continued));
    const next = episodes[i + 1]?.trigger.history;
    if (!next) return;
    const end = next.findIndex((e, at) => at >= history.length && e.EventType === EventType.OrchestratorCompleted);
    const added = next.slice(history.length, end + 1);
    comparer.same(where, added.filter(isScheduled).map(recordedWork), decision.work.map(ourWork));
    growing.append(
      news.map(unplayed),
      added.map((event) => ({ event, text: unplayed(event), digest: null })),
    );
    seen = end + 1;
  });
  return decision;
}

/** What a decision is, without the identity of objects. */
function plain({ outcome, work, stuck }: Decision): unknown {
  return JSON.parse(JSON.stringify({ outcome, work, stuck }));
}

function answerOf({ reply, failure }: Episode): Answer {
  if (reply !== null) return { state: JSON.stringify(reply) };
  return { failure: `One or more errors occurred. (${invocationFailure(failure ?? { message: "", stack: "" })})` };
}

function isScheduled(event: HistoryEvent): boolean {
  return SCHEDULED.has(event.EventType);
}

function unplayed(event: HistoryEvent): string {
  const { EventType: type, ...rest } = event;
  return JSON.stringify({ EventType: type, ...rest, IsPlayed: false });
}

/** Timers to the millisecond: the recording counts in tenths of microseconds. */
function recordedWork(event: HistoryEvent): unknown {
  return event.EventType === EventType.TimerCreated
    ? { id: event.EventId, kind: "timer", fireAt: Math.round(Date.parse(event.FireAt ?? "") / 2) }
    : {
        id: event.EventId,
        kind: event.InstanceId === undefined ? "activity" : "child",
        name: event.Name,
        ...(event.InstanceId !== undefined && { instanceId: event.InstanceId }),
      };
}

function ourWork(work: NewWork): unknown {
  switch (work.kind) {
    case "timer":
      return { id: work.id, kind: "timer", fireAt: Math.round(work.fireAt / 2) };
    case "child":
      return { id: work.id, kind: "child", name: work.name, instanceId: work.instanceId };
    default:
      return { id: work.id, kind: "activity", name: nameOf(work) };
  }
}

function checkFinal(recording: Recording, instance: string, { outcome }: Decision, comparer: Comparer): void {
  const others = recording.otherInstances ?? {};
  const final = (instance in others ? others[instance] : recording.final) as {
    instanceId?: string;
    runtimeStatus?: string;
    output?: unknown;
  } | null;
  if (final?.instanceId !== instance || final.runtimeStatus === undefined) return;
  const where = `second replay, ${instance}, at the end`;
  const status = (expected: string) => comparer.same(where, final.runtimeStatus, expected);
  const ended = (expected: string, output: unknown) =>
    comparer.same(where, { status: final.runtimeStatus, output: final.output }, { status: expected, output });
  switch (outcome.kind) {
    case "failed":
      ended("Failed", outcome.reason);
      break;
    case "terminated":
      status("Terminated");
      break;
    case "completed":
      ended("Completed", outcome.output === null ? null : JSON.parse(outcome.output));
      break;
    default:
      comparer.same(where, ["Running", "Suspended", "Pending"].includes(final.runtimeStatus), true);
  }
}
