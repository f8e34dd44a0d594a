import type { HttpCall } from "./actions.ts";

/** What is scheduled: the decisions of one episode, which become history events and work. Times are milliseconds since the epoch. */
export type NewWork =
  | { kind: "activity"; id: number; name: string; input: string | null }
  | { kind: "http"; id: number; request: HttpCall }
  /** `asked` is when the orchestrator wants it; absent where the time is derived: of a retry, of a poll. */
  | { kind: "timer"; id: number; fireAt: number; asked?: number }
  | { kind: "child"; id: number; name: string; instanceId: string; input: string | null };

export type FunctionKind = "activity" | "orchestrator" | "entity";

/** Bounds of timers, and what callHttp waits when the answer does not say. */
export interface ReplayLimits {
  /** A timer further ahead goes in legs. */
  maximumShortTimerMs: number;
  timerLegMs: number;
  httpSleepMs: number;
}

/** Whose orchestrator is replayed. */
export interface ReplayFacts {
  name: string;
  instanceId: string;
  executionId: string;
  parentInstanceId: string | null;
}

export interface ReplayWorld {
  limits: ReplayLimits;
  knows(kind: FunctionKind, name: string): boolean;
  /** The registered names of one kind, as error texts list them. */
  names(kind: FunctionKind): string[];
  /** Something that the real host lets pass without a word, and that is surely a mistake. */
  slip(what: string): void;
}

/** Name of the activity behind callHttp. */
export const HTTP_ACTIVITY = "BuiltIn::HttpActivity";

/** The name under which a piece of work stands in the history. */
export function nameOf(work: NewWork): string {
  switch (work.kind) {
    case "http":
      return HTTP_ACTIVITY;
    case "timer":
      return "";
    default:
      return work.name;
  }
}

/** Tells two inputs apart, for noticing changes that the real host does not; 32 bits of FNV-1a beside the length, not for security. */
export function digest(work: NewWork): string {
  const text = work.kind === "timer" ? `${work.asked ?? ""}` : work.kind === "http" ? JSON.stringify(work.request) : (work.input ?? "");
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return `${text.length}.${(hash >>> 0).toString(36)}`;
}
