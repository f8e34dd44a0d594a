import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { HistoryEvent } from "../../local/host/durable/wire.ts";

/** One recorded scenario; the folder's README says what the members mean. */
export interface Recording {
  scenario: string;
  what: string;
  clientCalls: ClientCall[];
  episodes: Episode[];
  activities: RecordedActivity[];
  final: unknown;
  otherInstances?: Record<string, unknown>;
  settings?: { maximumShortTimerDuration?: string; longRunningTimerIntervalDuration?: string };
}

export interface ClientCall {
  call: string;
  args: unknown[];
  result?: unknown;
  error?: { name: string; message: string };
  http?: Exchange[];
  gaveUpAfterMs?: number;
}

export interface Exchange {
  request: { method: string; path: string; body?: unknown; headers?: Record<string, string> };
  response: { status: number; headers: Record<string, string>; body?: unknown };
}

export interface Trigger {
  history: HistoryEvent[];
  input: unknown;
  instanceId: string;
  parentInstanceId: string | null;
  longRunningTimerIntervalDuration: string;
  maximumShortTimerDuration: string;
  defaultHttpAsyncRequestSleepTimeMillseconds: number;
}

export interface Episode {
  function: string;
  trigger: Trigger;
  reply: unknown;
  failure?: { message: string; stack: string; stateFollows: boolean };
}

export interface RecordedActivity {
  name: string;
  input: string | null;
  result?: unknown;
  error?: { message: string };
}

/** All recordings of a folder, by name. @throws {Error} there is none. */
export function readRecordings(folder: string): Recording[] {
  if (!existsSync(folder)) throw new Error(`There is no folder '${folder}'; give the one that holds the recordings with --scenarios.`);
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort();
  if (files.length === 0) throw new Error(`No recording (*.json) is in '${folder}'; give the folder that holds them with --scenarios.`);
  return files.map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Recording);
}

export function executionOf(trigger: Trigger): string {
  return trigger.history.find((e) => e.EventType === 0)?.OrchestrationInstance?.ExecutionId ?? "";
}

/** .NET's text of a duration, in milliseconds: `[days.]hh:mm:ss[.fraction]`. */
export function durationMs(text: string): number {
  const [, days = "0", hours, minutes, seconds] = /^(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60_000 + Number(seconds) * 1000;
}

/** When the scenario began, in milliseconds since the epoch: the earliest time that its histories know. */
export function beginning(recording: Recording): number {
  const times = recording.episodes.flatMap(({ trigger }) => trigger.history.map((e) => Date.parse(e.Timestamp)));
  return times.length === 0 ? Date.UTC(2026, 0, 1) : Math.min(...times);
}
