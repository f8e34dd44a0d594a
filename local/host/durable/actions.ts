/** What an orchestrator answered: everything it wants to have done since its beginning, one entry per yield. */

export const ActionType = {
  CallActivity: 0,
  CallActivityWithRetry: 1,
  CallSubOrchestrator: 2,
  CallSubOrchestratorWithRetry: 3,
  ContinueAsNew: 4,
  CreateTimer: 5,
  WaitForExternalEvent: 6,
  CallEntity: 7,
  CallHttp: 8,
  SignalEntity: 9,
  ScheduledSignalEntity: 10,
  WhenAny: 11,
  WhenAll: 12,
} as const;

export interface RetryOptions {
  firstRetryIntervalInMilliseconds: number;
  maxNumberOfAttempts: number;
  backoffCoefficient?: number;
  maxRetryIntervalInMilliseconds?: number;
  retryTimeoutInMilliseconds?: number;
}

export interface HttpCall {
  method: string;
  uri: string;
  content?: string;
  headers?: Record<string, string>;
  tokenSource?: unknown;
  asynchronousPatternEnabled?: boolean;
}

/** One entry; which members it has depends on `actionType`. */
export interface Action {
  actionType: number;
  functionName?: string;
  input?: unknown;
  instanceId?: string;
  retryOptions?: RetryOptions;
  fireAt?: string;
  isCanceled?: boolean;
  externalEventName?: string;
  httpRequest?: HttpCall;
  compoundActions?: Action[];
}

/** The state of an orchestrator after one replay, without its actions. */
export interface OrchestratorState {
  isDone: boolean;
  output?: unknown;
  error?: string;
  customStatus?: unknown;
}

/** A state read together with its actions, and the text that the actions stood in, for comparing with the next one. */
export interface Reply {
  state: OrchestratorState;
  /** All actions when `grown` is false, only those behind the known ones otherwise. */
  actions: Action[];
  /** The actions begin with all those known before, unchanged. */
  grown: boolean;
  /** What stands between the inner brackets of `actions`. */
  actionsText: string;
}

const OPENING = '"actions":[[';

/**
 * Reads a state. `known` is `actionsText` of the reply before: an unchanged beginning is skipped, not parsed again, so
 * that an orchestrator with a long list costs what is new in it.
 * @throws {SyntaxError} the text is no state.
 */
export function readReply(text: string, known: string | undefined): Reply {
  const at = text.indexOf(OPENING) + OPENING.length;
  if (known !== undefined && at >= OPENING.length && text.startsWith(known, at)) {
    const end = at + known.length;
    const next = text[end];
    if (known === "" || next === "," || next === "]") {
      const tail = known !== "" && next === "," ? end + 1 : end;
      const { state, actions } = parse(text.slice(0, at) + text.slice(tail));
      return { state, actions, grown: true, actionsText: [known, innerText(actions)].filter((t) => t !== "").join(",") };
    }
  }
  const { state, actions } = parse(text);
  return { state, actions, grown: false, actionsText: innerText(actions) };
}

function innerText(actions: Action[]): string {
  return JSON.stringify(actions).slice(1, -1);
}

function parse(text: string): { state: OrchestratorState; actions: Action[] } {
  const { actions, ...state } = (JSON.parse(text) ?? {}) as OrchestratorState & { actions?: Action[][] };
  if (actions?.length !== 1) throw new SyntaxError(`expected one inner array of actions, got ${actions?.length ?? "none"}`);
  return { state, actions: actions[0] ?? [] };
}
