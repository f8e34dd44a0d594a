import type { Action, OrchestratorState } from "./actions.ts";
import { contradiction } from "./nondeterminism.ts";
import { openAction, type ReplayNode } from "./replay-nodes.ts";
import { digest, type NewWork, nameOf, type ReplayFacts, type ReplayWorld } from "./replay-world.ts";
import { EventType, type HistoryEvent, jsonText } from "./wire.ts";

/** How an execution stands after an episode. `output` is JSON text, or plain text where it is a failure or a reason. */
export type Outcome =
  | { kind: "waiting" }
  | { kind: "completed"; output: string | null }
  | { kind: "failed"; reason: string; details: string }
  | { kind: "terminated"; reason: string | null }
  | { kind: "continued"; input: string | null; carried: HistoryEvent[] };

type Result = { output: string | null } | { failure: string; details: string };

/**
 * The extension's own replay (functions-host.md §5.4): it walks the orchestrator's list of actions through the history,
 * numbering as it goes, to find out what is new. It is not what the author meant that counts here but what the real one
 * makes of it: a failure never stops the walk, a compound task does not look at tasks that finished before, and the
 * execution ends only when nothing is open.
 *
 * The state is kept between episodes and fed what is new. That equals a walk from the first event as long as the known
 * part of the list did not change and was not exhausted before it grew: {@link isExhausted}.
 */
export class SecondReplay {
  /** Scheduled by the orchestrator and not yet seen in the history; in the order of numbers. */
  readonly pending = new Map<number, NewWork>();
  /** What an open task does when its event comes. */
  readonly open = new Map<number, (event: HistoryEvent) => void>();
  /** Milliseconds since the epoch of the newest OrchestratorStarted. */
  now = 0;
  private nextId = 0;
  private cursor = 0;
  private started = false;
  private opening = false;
  private actions: Action[] = [];
  private state: OrchestratorState = { isDone: false };
  private result: Result | undefined;
  private refusal: Result | undefined;
  private contradicted: string | undefined;
  private terminated: { reason: string | null } | undefined;
  private continueInput: { text: string | null } | undefined;
  private carried: HistoryEvent[] = [];
  private readonly waiters = new Map<string, ReplayNode[]>();
  private readonly buffered = new Map<string, number>();
  private suspended = false;
  private kept: HistoryEvent[] = [];
  private held: NewWork[] = [];
  /** The task at the front of the list. */
  private front: ReplayNode | undefined;

  constructor(
    readonly facts: ReplayFacts,
    readonly world: ReplayWorld,
  ) {}

  /** The list was run to its end: what is added to it now would have begun earlier in a walk from the first event. */
  get isExhausted(): boolean {
    return this.started && this.cursor >= this.actions.length;
  }

  /** Whether nothing that can still happen would move this execution on, an event nobody waits for aside. */
  get isStuck(): boolean {
    return this.open.size === 0 && this.pending.size === 0 && this.waiters.size === 0 && !this.suspended && this.result === undefined;
  }

  /** Gives the list of this episode (`actions`: what is behind those known) and what the orchestrator said beside it. */
  grow(actions: Action[], state: OrchestratorState): void {
    this.actions.push(...actions);
    this.state = state;
  }

  /** The orchestrator gave no list at all: it fails with this text, unless the history objects first. */
  refuse(failure: string, details: string): void {
    this.refusal = { failure, details };
  }

  /** Takes the events of this episode, in order; then {@link pending} is what is new. */
  feed(events: readonly HistoryEvent[]): Outcome {
    try {
      for (const event of events) this.take(event);
    } catch (error) {
      if (!(error instanceof Contradiction || error instanceof Slip)) throw error;
      this.contradicted = error.message;
    }
    return this.outcome();
  }

  private outcome(): Outcome {
    if (this.terminated) return { kind: "terminated", reason: this.terminated.reason };
    if (this.contradicted !== undefined)
      return {
        kind: "failed",
        reason: this.contradicted,
        details: `Unhandled exception while executing orchestration: ${this.contradicted}`,
      };
    if (this.result === undefined || this.open.size > 0) return { kind: "waiting" };
    if ("failure" in this.result) return { kind: "failed", reason: this.result.failure, details: this.result.details };
    if (this.continueInput) return { kind: "continued", input: this.continueInput.text, carried: this.carried };
    return { kind: "completed", output: this.result.output };
  }

  private take(event: HistoryEvent): void {
    if (this.suspended && event.EventType !== EventType.ExecutionResumed && event.EventType !== EventType.ExecutionTerminated) {
      if (event.EventType !== EventType.ExecutionSuspended) this.kept.push(event);
      return;
    }
    switch (event.EventType) {
      case EventType.OrchestratorStarted:
        this.now = Date.parse(event.Timestamp);
        return;
      case EventType.ExecutionStarted:
        this.started = true;
        this.advance();
        return;
      case EventType.TaskScheduled:
      case EventType.SubOrchestrationInstanceCreated:
      case EventType.TimerCreated:
        this.match(event);
        return;
      case EventType.TaskCompleted:
      case EventType.TaskFailed:
      case EventType.SubOrchestrationInstanceCompleted:
      case EventType.SubOrchestrationInstanceFailed:
        this.close(event.TaskScheduledId ?? -1, event);
        return;
      case EventType.TimerFired:
        this.close(event.TimerId ?? -1, event);
        return;
      case EventType.EventRaised:
        this.raised(event);
        return;
      case EventType.ExecutionTerminated:
        this.terminated ??= { reason: event.Input ?? null };
        return;
      case EventType.ExecutionSuspended:
        this.suspend();
        return;
      case EventType.ExecutionResumed:
        this.resume();
        return;
      default:
    }
  }

  /** Runs the list on while the task at its front is done. */
  private advance(): void {
    if (this.opening || !this.started || this.result) return;
    this.opening = true;
    try {
      while (!this.result && this.cursor < this.actions.length && this.step()) this.cursor++;
    } finally {
      this.opening = false;
    }
    if (!this.result && this.cursor >= this.actions.length) this.end();
  }

  private step(): boolean {
    if (!this.front) {
      const action = this.actions[this.cursor];
      if (!action) return false;
      try {
        this.front = openAction(this, action, () => this.advance());
      } catch (error) {
        this.fail(error instanceof Error ? error.message : String(error));
        return false;
      }
    }
    if (!this.front.done) return false;
    this.front = undefined;
    return true;
  }

  private end(): void {
    if (this.refusal) this.result = this.refusal;
    else if (this.state.error) this.fail(this.state.error);
    else if (this.state.isDone) this.result = { output: jsonText(this.state.output) };
  }

  private fail(message: string): void {
    this.result = {
      failure: `Orchestrator function '${this.facts.name}' failed: ${message}`,
      details: `Message: ${message}, StackTrace: `,
    };
  }

  private match(event: HistoryEvent): void {
    const wanted = this.pending.get(event.EventId);
    const text = contradiction(event, wanted, nameOf);
    if (text !== undefined) throw new Contradiction(text);
    this.pending.delete(event.EventId);
    if (wanted) this.lookForSlips(event, wanted);
  }

  /** The real one compares kind and name alone; that the rest changed is surely a mistake. */
  private lookForSlips(event: HistoryEvent, wanted: NewWork): void {
    const before = event["Digest"];
    if (typeof before !== "string" || before === digest(wanted)) return;
    this.world.slip(
      `the orchestrator '${this.facts.name}' scheduled task ${wanted.id} ('${nameOf(wanted)}') with another input or time than when it first ran: it is not deterministic`,
    );
  }

  private close(id: number, event: HistoryEvent): void {
    const then = this.open.get(id);
    if (!then) return;
    this.open.delete(id);
    then(event);
  }

  private raised(event: HistoryEvent): void {
    if (this.continueInput) {
      this.carried.push({ ...event, IsPlayed: false });
      return;
    }
    const key = (event.Name ?? "").toUpperCase();
    const waiter = this.waiters.get(key)?.pop();
    if (!waiter) {
      this.buffered.set(key, (this.buffered.get(key) ?? 0) + 1);
      return;
    }
    if (this.waiters.get(key)?.length === 0) this.waiters.delete(key);
    waiter.finish();
  }

  private suspend(): void {
    this.suspended = true;
    this.held.push(...this.pending.values());
    this.pending.clear();
  }

  private resume(): void {
    this.suspended = false;
    const work = [...this.held.splice(0), ...this.pending.values()];
    this.pending.clear();
    for (const one of work) this.pending.set(one.id, one);
    for (const event of this.kept.splice(0)) this.take(event);
  }

  // What the nodes of the list use.

  /** Schedules something and calls back when its event comes. */
  schedule(make: (id: number) => NewWork, then: (event: HistoryEvent) => void): number {
    const id = this.nextId++;
    this.pending.set(id, make(id));
    this.open.set(id, then);
    return id;
  }

  /** Newest waiter first; an event that came before goes to the next waiter at once. */
  wait(name: string, node: ReplayNode): void {
    const key = name.toUpperCase();
    const waiting = this.waiters.get(key);
    if (waiting) waiting.push(node);
    else this.waiters.set(key, [node]);
    const early = this.buffered.get(key) ?? 0;
    if (early === 0) return;
    if (early === 1) this.buffered.delete(key);
    else this.buffered.set(key, early - 1);
    const newest = this.waiters.get(key)?.pop();
    if (this.waiters.get(key)?.length === 0) this.waiters.delete(key);
    newest?.finish();
  }

  continueWith(input: string | null): void {
    this.continueInput = { text: input };
  }
}

class Contradiction extends Error {}

/** Thrown by {@link ReplayWorld.slip} where slips are to be failures: the orchestration ends with its message. */
export class Slip extends Error {}
