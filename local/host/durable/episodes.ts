import type { Engine } from "./engine.ts";
import { completedEvent, outputOf, scheduledEvent, statusAfter } from "./episode-events.ts";
import type { Answer, Decision } from "./execution.ts";
import { invocationFailure, thrown } from "./failure.ts";
import { isFinished, type LoadedInstance, type Message } from "./loaded-instance.ts";
import { unknownFunctionText } from "./replay-nodes.ts";
import { digest, HTTP_ACTIVITY, type NewWork } from "./replay-world.ts";
import type { Outcome } from "./second-replay.ts";
import type { HistoryRow } from "./storage.ts";
import { EventType, event, executionStarted, type HistoryEvent, jsonText, type ParentInstance, playedText, wireTime } from "./wire.ts";

/** Stands in the message of an orchestrator's error, in front of its state. */
const STATE_LABEL = "$OutOfProcData$:";
/** So many generations may follow one another at once before others get their turn. */
const GENERATIONS_IN_A_ROW = 16;

/** The events of one generation's part of an episode; `texts` are what the orchestrator and the history get. */
interface News {
  events: HistoryEvent[];
  texts: string[];
}

/** Runs episodes: the orchestrator function, then the second replay, then everything it leads to in one go of writes. */
export class Episodes {
  private count = 0;
  /** The end of every orchestrator's input. */
  private readonly sameForAll: string;

  constructor(private readonly engine: Engine) {
    const { maximumShortTimerMs, timerLegMs, httpSleepMs } = engine.limits;
    const members = {
      upperSchemaVersion: 1,
      upperSchemaVersionNew: 2,
      longRunningTimerIntervalDuration: timeSpan(timerLegMs),
      maximumShortTimerDuration: timeSpan(maximumShortTimerMs),
      defaultHttpAsyncRequestSleepTimeMillseconds: httpSleepMs,
    };
    this.sameForAll = JSON.stringify(members).slice(1);
  }

  /** @throws {Error} the state cannot be written. */
  async run(instance: LoadedInstance, batch: readonly Message[]): Promise<void> {
    const { engine } = this;
    const meant = batch.filter((m) => m.execution === null || m.execution === instance.row.execution);
    if (meant.length === 0 || isFinished(instance.row.status)) {
      engine.commits.write();
      return engine.consumed(batch);
    }
    const { execution } = instance;
    execution.newestTurn = Math.max(execution.newestTurn, engine.now());
    const started = event(EventType.OrchestratorStarted, execution.newestTurn);
    let news: News = { events: [started, ...meant.map((m) => m.event)], texts: [JSON.stringify(started), ...meant.map((m) => m.text)] };
    let generations = 0;
    for (;;) {
      const decision = await this.decide(instance, news);
      if (decision.outcome.kind !== "continued" || engine.isClosed) return this.finish(instance, batch, news, decision, generations);
      news = this.nextGeneration(instance, decision.outcome, decision.customStatus, generations);
      if (++generations % GENERATIONS_IN_A_ROW === 0) await new Promise<void>((resolve) => engine.parts.clock.defer(resolve));
    }
  }

  private async decide(instance: LoadedInstance, news: News): Promise<Decision> {
    const { engine } = this;
    const before = engine.now();
    const answer = await this.invoke(instance, news.texts);
    const decision = instance.execution.decide(news.events, answer);
    instance.replayMs = engine.now() - before;
    const every = engine.options.checkEvery ?? 64;
    if (every > 0 && ++this.count % every === 0) this.check(instance, news, answer, decision);
    return decision.stuck ? this.stuck(instance, decision) : decision;
  }

  /** Going on where the last episode stopped must come to the same as starting anew. */
  private check(instance: LoadedInstance, news: News, answer: Answer, decision: Decision): void {
    const anew = instance.execution.decideFromZero(news.events, answer);
    const text = (d: Decision) => JSON.stringify([d.outcome, d.work, d.stuck]);
    if (text(anew) === text(decision)) return;
    const detail = { instanceId: instance.row.id, incremental: text(decision), fromZero: text(anew) };
    this.engine.log("error", `The second replay of '${instance.row.id}' differs from one made from event 0: a fault of this host`, detail);
    if (this.engine.options.failOnSlips) throw new Error(`second replay differs: ${text(decision)} instead of ${text(anew)}`);
  }

  private stuck(instance: LoadedInstance, decision: Decision): Decision {
    const { row } = instance;
    try {
      this.engine.slip(
        `the instance '${row.id}' of '${row.name}' waits for nothing and stays Running for ever: its orchestrator threw something that is no Error with a text, or called what does not exist`,
        row,
      );
      return decision;
    } catch (slip) {
      return { ...decision, outcome: { kind: "failed", reason: thrown(slip).message, details: "" } };
    }
  }

  private async invoke({ row, execution }: LoadedInstance, texts: readonly string[]): Promise<Answer> {
    const { engine } = this;
    const target = engine.functions.find("orchestrator", row.name);
    if (!target) return { failure: unknownFunctionText(engine.functions.names("orchestrator"), "orchestrator", row.name) };
    const trigger = {
      [target.trigger.name]: {
        string: this.trigger(row, execution.facts.parentInstanceId, execution.length > 0, execution.historyText(texts)),
      },
    };
    try {
      const { returnValue } = await engine.parts.worker.invoke({ functionName: target.name, inputs: trigger });
      return { state: returnValue?.json ?? returnValue?.string ?? "null" };
    } catch (error) {
      const failure = thrown(error);
      const at = failure.message.indexOf(STATE_LABEL);
      if (at >= 0) return { state: failure.message.slice(at + STATE_LABEL.length) };
      return { failure: `One or more errors occurred. (${invocationFailure(failure)})` };
    }
  }

  /** The orchestrator's input: JSON put together from texts, since the history is kept as such. */
  private trigger(row: { id: string; input: string | null }, parent: string | null, isReplaying: boolean, history: string): string {
    const of = `"instanceId":${JSON.stringify(row.id)},"isReplaying":${isReplaying},"parentInstanceId":${JSON.stringify(parent)}`;
    return `{"history":[${history}],"input":${row.input ?? "null"},${of},${this.sameForAll}`;
  }

  /** Turns to the next generation: same id, new execution, history begun anew with the events that came too late for the old one. */
  private nextGeneration(
    instance: LoadedInstance,
    outcome: Extract<Outcome, { kind: "continued" }>,
    customStatus: unknown,
    generation: number,
  ): News {
    const { engine } = this;
    const { row } = instance;
    const now = engine.now();
    const carriedStatus = generation === 0 ? jsonText(customStatus) : (jsonText(customStatus) ?? row.customStatus);
    const executionId = engine.parts.random.hex32();
    instance.row = { ...row, execution: executionId, input: outcome.input, created: now, customStatus: carriedStatus };
    instance.execution = engine.executionOf(instance.row);
    const parent = row.parent === null ? null : (JSON.parse(row.parent) as ParentInstance);
    const start = executionStarted(now, { name: row.name, instanceId: row.id, executionId, input: outcome.input, parent });
    const events = [event(EventType.OrchestratorStarted, now), start, ...outcome.carried, event(EventType.OrchestratorCompleted, now)];
    const carried = new Set<HistoryEvent>(outcome.carried);
    return {
      events,
      texts: events.map((e) => (carried.has(e) ? playedText(JSON.stringify(e)) : JSON.stringify(e))),
    };
  }

  private finish(instance: LoadedInstance, batch: readonly Message[], news: News, decision: Decision, generations: number): void {
    const { engine } = this;
    if (engine.isClosed) return;
    const { execution } = instance;
    engine.commits.write();
    engine.consumed(batch);
    if (generations > 0) {
      engine.storage.deleteHistory(instance.row.key);
      engine.storage.deleteTimersOf(instance.row.key);
    }
    const added = this.added(decision, engine.now(), generations > 0);
    // A generation's own OrchestratorCompleted is the one that an episode sees before it ends: it counts as played from then on.
    const stored = generations > 0 ? [...news.texts.slice(0, -1), ...news.texts.slice(-1).map(playedText)] : news.texts;
    const rows: HistoryRow[] = [...stored.map((text) => ({ text, digest: null })), ...added];
    engine.storage.addHistory(instance.row.key, execution.length, rows);
    execution.append(news.texts, added);
    this.schedule(instance, decision.work);
    this.settle(instance, news, decision, generations > 0);
  }

  /** What the episode leaves behind in the history; `turned`: that ends with an OrchestratorCompleted already, and gets no second one [R can-each-event]. */
  private added({ work, outcome }: Decision, now: number, turned: boolean): { event: HistoryEvent; text: string; digest: string | null }[] {
    const scheduled = work.map((one) => ({ event: scheduledEvent(one, now), digest: digest(one) }));
    const completed = completedEvent(outcome, now);
    if (turned && !completed && work.length === 0) return [];
    const last = [...(completed ? [completed] : []), event(EventType.OrchestratorCompleted, now)].map((e) => ({ event: e, digest: null }));
    return [...scheduled, ...last].map((one) => ({ ...one, text: JSON.stringify(one.event) }));
  }

  /** How far an orchestrator's time, which does not run backwards, is ahead of a clock that was put back: a timer runs for as long as it asked. */
  private ahead({ newestTurn }: LoadedInstance["execution"]): number {
    return Math.max(0, newestTurn - this.engine.now());
  }

  private schedule({ row, execution }: LoadedInstance, work: readonly NewWork[]): void {
    const { engine } = this;
    for (const one of work) {
      const of = { instance: row.key, execution: row.execution };
      const by = { ...of, instanceId: row.id };
      switch (one.kind) {
        case "activity":
          engine.addWork({ ...by, taskId: one.id, name: one.name, input: one.input });
          break;
        case "http":
          engine.addWork({ ...by, taskId: one.id, name: HTTP_ACTIVITY, input: JSON.stringify(one.request) });
          break;
        case "timer": {
          const fired = event(EventType.TimerFired, engine.now(), { TimerId: one.id, FireAt: wireTime(one.fireAt) });
          engine.addTimer({ ...of, due: Math.ceil(one.fireAt - this.ahead(execution)), text: JSON.stringify(fired) });
          break;
        }
        case "child":
          this.startChild(row, one);
          break;
      }
    }
  }

  private startChild(row: LoadedInstance["row"], child: Extract<NewWork, { kind: "child" }>): void {
    const { engine } = this;
    const existing = engine.storage.instance(child.instanceId);
    if (existing && !isFinished(existing.status)) {
      engine.log("error", `'${row.id}' starts the child '${child.instanceId}', which already runs: the start is dropped`, {
        instanceId: row.id,
      });
      return;
    }
    const parent: ParentInstance = {
      Name: row.name,
      OrchestrationInstance: { InstanceId: row.id, ExecutionId: row.execution },
      TaskScheduleId: child.id,
      Version: "",
    };
    engine.create({ name: child.name, id: child.instanceId, input: child.input, parent });
  }

  private settle(instance: LoadedInstance, news: News, { outcome, customStatus }: Decision, continued: boolean): void {
    const { engine } = this;
    const status = statusAfter(outcome, instance.row.status, news.events);
    const custom = jsonText(customStatus) ?? (continued ? instance.row.customStatus : null);
    instance.row = { ...instance.row, status, updated: engine.now(), output: outputOf(outcome), customStatus: custom };
    engine.storage.changeInstance(instance.row);
    if (!isFinished(status)) return;
    engine.storage.deleteTimersOf(instance.row.key);
    this.tellParent(instance.row.parent, outcome);
  }

  private tellParent(parentText: string | null, outcome: Outcome): void {
    if (parentText === null) return;
    const parent = JSON.parse(parentText) as ParentInstance;
    const row = this.engine.storage.instance(parent.OrchestrationInstance.InstanceId);
    const now = this.engine.now();
    const TaskScheduledId = parent.TaskScheduleId;
    if (!row) return;
    const notice =
      outcome.kind === "completed"
        ? event(EventType.SubOrchestrationInstanceCompleted, now, { TaskScheduledId, Result: outcome.output })
        : event(EventType.SubOrchestrationInstanceFailed, now, {
            TaskScheduledId,
            Reason: outcome.kind === "failed" || outcome.kind === "terminated" ? outcome.reason : null,
            // A terminated child gives no details, which the library cannot read: its parent fails and cannot catch it.
            Details: outcome.kind === "failed" ? outcome.details : null,
            FailureDetails: null,
          });
    this.engine.send(row, notice, parent.OrchestrationInstance.ExecutionId);
  }
}

/** .NET's text of a duration. */
function timeSpan(ms: number): string {
  const days = Math.floor(ms / 86_400_000);
  const time = new Date(ms % 86_400_000).toISOString().slice(11, 19);
  return days > 0 ? `${days}.${time}` : time;
}
