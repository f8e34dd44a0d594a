import { type Action, ActionType, type RetryOptions } from "./actions.ts";
import { openHttp } from "./replay-http.ts";
import type { FunctionKind, NewWork } from "./replay-world.ts";
import type { SecondReplay } from "./second-replay.ts";
import { EventType, type HistoryEvent, jsonText } from "./wire.ts";

/** One task of the list, as the extension sees it: done or not. How it ended concerns only the orchestrator. */
export class ReplayNode {
  done = false;
  constructor(private readonly then: () => void) {}

  finish(): void {
    if (this.done) return;
    this.done = true;
    this.then();
  }
}

const DAY_MS = 86_400_000;

/**
 * Opens an action: allocates its numbers and schedules what it needs. `then` is called when it is done, which may be
 * at once.
 * @throws {Error} where the extension throws outside of a task, which fails the orchestration.
 */
export function openAction(replay: SecondReplay, action: Action, then: () => void): ReplayNode {
  const node = new ReplayNode(then);
  switch (action.actionType) {
    case ActionType.CallActivity:
    case ActionType.CallActivityWithRetry:
    case ActionType.CallSubOrchestrator:
    case ActionType.CallSubOrchestratorWithRetry:
      openCall(replay, action, node);
      break;
    case ActionType.ContinueAsNew:
      replay.continueWith(jsonText(action.input));
      node.finish();
      break;
    case ActionType.CreateTimer:
      openTimer(replay, Date.parse(action.fireAt ?? ""), action.isCanceled === true, node);
      break;
    case ActionType.WaitForExternalEvent:
      replay.wait(action.externalEventName ?? "", node);
      break;
    case ActionType.CallHttp:
      openHttp(replay, action, node);
      break;
    case ActionType.CallEntity:
      unknownFunction(replay, "entity", entityName(action));
      node.finish();
      break;
    case ActionType.SignalEntity:
    case ActionType.ScheduledSignalEntity:
      throw new Error(unknownFunctionText(replay.world.names("entity"), "entity", entityName(action)));
    case ActionType.WhenAny:
    case ActionType.WhenAll:
      openCompound(replay, action, node);
      break;
    default:
      throw new Error(`Unknown action type ${action.actionType}.`);
  }
  return node;
}

function openCompound(replay: SecondReplay, action: Action, node: ReplayNode): void {
  const parts = action.compoundActions ?? [];
  const any = action.actionType === ActionType.WhenAny;
  if (parts.length === 0 && any) throw new Error("The tasks argument contains no tasks. (Parameter 'tasks')");
  let left = any ? 1 : parts.length;
  let all = false;
  const one = () => {
    left--;
    if (all && left <= 0) node.finish();
  };
  for (const part of parts) openAction(replay, part, one);
  // Only when all are open: the numbers of later children do not depend on what earlier ones did.
  all = true;
  if (left <= 0) node.finish();
}

/** Calls of functions. What cannot be called counts as done, takes no number, and nobody hears of it [R unknown-activity]. */
function openCall(replay: SecondReplay, action: Action, node: ReplayNode): void {
  const kind = action.actionType <= ActionType.CallActivityWithRetry ? "activity" : "orchestrator";
  const name = action.functionName ?? "";
  const refused = refusal(replay, action, kind, name);
  if (refused !== undefined) {
    replay.world.slip(refused);
    node.finish();
    return;
  }
  const make = (id: number): NewWork =>
    kind === "activity"
      ? { kind, id, name, input: activityInput(action.input) }
      : { kind: "child", id, name, instanceId: action.instanceId || `${replay.facts.executionId}:${id}`, input: jsonText(action.input) };
  const { retryOptions } = action;
  if (retryOptions) openAttempts(replay, retryOptions, make, node);
  else replay.schedule(make, () => node.finish());
}

function refusal(replay: SecondReplay, action: Action, kind: "activity" | "orchestrator", name: string): string | undefined {
  const { world, facts } = replay;
  const tooLong = [action.retryOptions?.firstRetryIntervalInMilliseconds, action.retryOptions?.maxRetryIntervalInMilliseconds].find(
    (ms) => ms !== undefined && ms > world.limits.maximumShortTimerMs,
  );
  if (tooLong !== undefined)
    return `the orchestrator '${facts.name}' asks for a retry interval of ${tooLong} ms, more than the ${world.limits.maximumShortTimerMs} ms allowed: '${name}' is never called`;
  if (!world.knows(kind, name))
    return `the orchestrator '${facts.name}' calls '${name}', which is no registered ${kind} function: it is never called`;
  if (kind === "activity" || !action.instanceId) return undefined;
  const own = [facts.instanceId, facts.parentInstanceId].some((id) => id?.toUpperCase() === action.instanceId?.toUpperCase());
  if (own)
    return `the orchestrator '${facts.name}' starts a child under its own or its parent's id '${action.instanceId}': it is never started`;
  if (action.instanceId.startsWith("@"))
    return `the orchestrator '${facts.name}' starts a child under the id '${action.instanceId}'; ids must not begin with @`;
  return undefined;
}

function unknownFunction(replay: SecondReplay, kind: FunctionKind, name: string): void {
  replay.world.slip(`the orchestrator '${replay.facts.name}' calls '${name}', which is no registered ${kind} function: it is never called`);
}

/** The extension's text for a function that is not there. */
export function unknownFunctionText(known: string[], kind: FunctionKind, name: string): string {
  const list = known.length === 0 ? "''" : known.map((n) => `'${n}'`).join(", ");
  return `The function '${name}' doesn't exist, is disabled, or is not an ${kind} function. Additional info: The following are the known ${kind} functions: ${list}.`;
}

function entityName(action: Action): string {
  return /^@([^@]*)@/.exec(action.instanceId ?? "")?.[1] ?? "";
}

/**
 * Attempts with delays between them. After the last failed attempt one more timer fires at once: an old fault that was
 * kept, and that the JavaScript side counts on [R retry-exhausted-uncaught].
 */
function openAttempts(replay: SecondReplay, options: RetryOptions, make: (id: number) => NewWork, node: ReplayNode): void {
  const first = replay.now;
  const attempt = (k: number) => {
    replay.schedule(make, (event) => {
      if (!isFailure(event)) return node.finish();
      if (options.retryTimeoutInMilliseconds !== undefined && replay.now >= first + options.retryTimeoutInMilliseconds)
        return node.finish();
      const last = k + 1 >= options.maxNumberOfAttempts;
      const fireAt = replay.now + (last ? 0 : retryDelay(options, k));
      replay.schedule(
        (id) => ({ kind: "timer", id, fireAt }),
        () => (last ? node.finish() : attempt(k + 1)),
      );
    });
  };
  if (options.maxNumberOfAttempts > 0) attempt(0);
  else node.finish();
}

function retryDelay(options: RetryOptions, k: number): number {
  const delay = options.firstRetryIntervalInMilliseconds * (options.backoffCoefficient ?? 1) ** k;
  return Math.min(delay, options.maxRetryIntervalInMilliseconds ?? 6 * DAY_MS);
}

function isFailure(event: HistoryEvent): boolean {
  return event.EventType === EventType.TaskFailed || event.EventType === EventType.SubOrchestrationInstanceFailed;
}

/** A timer, in legs when it is far ahead; the legs go on at their length until less than one is left [R timer-legs]. */
function openTimer(replay: SecondReplay, fireAt: number, cancelled: boolean, node: ReplayNode): void {
  if (Number.isNaN(fireAt)) throw new Error("Error converting value {null} to type 'System.DateTime'.");
  const { maximumShortTimerMs, timerLegMs } = replay.world.limits;
  const long = fireAt - replay.now > maximumShortTimerMs;
  const leg = () => {
    const at = long ? Math.min(fireAt, replay.now + timerLegMs) : fireAt;
    return replay.schedule(
      (id) => ({ kind: "timer", id, fireAt: at, asked: fireAt }),
      () => {
        if (long && replay.now < fireAt) leg();
        else node.finish();
      },
    );
  };
  const id = leg();
  if (!cancelled) return;
  // It is created all the same, and its message still comes; but nobody waits for it.
  replay.open.delete(id);
  node.finish();
}

/** What the worker is handed: texts as they are, .NET's words for booleans, nothing for null and undefined [R activity-input-kinds]. */
export function activityInput(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "True" : "False";
  return JSON.stringify(value);
}
