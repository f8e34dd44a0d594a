import type { HostClock, HostLog, RegisteredFunction, Worker } from "../contract.ts";
import { SettingsError } from "../settings/settings-error.ts";
import { NcrontabError } from "./ncrontab.ts";
import { parseSchedule } from "./schedule.ts";
import { TimerListener } from "./timer-listener.ts";
import type { TimerStatusStore } from "./timer-status-store.ts";

export interface Timers {
  /** No further run; running ones get so many milliseconds. */
  stop(graceMs: number): Promise<void>;
}

/** Starts a listener for every timer function. One whose schedule is wrong is logged as an error and never runs; the others do. */
export function startTimers(options: {
  worker: Worker;
  store: TimerStatusStore;
  clock: HostClock;
  log: HostLog;
  expand: (text: string) => string;
  isDisabled: (functionName: string) => boolean;
}): Timers {
  const listeners: TimerListener[] = [];
  for (const f of options.worker.functions.values()) {
    if (f.trigger.binding.type.toLowerCase() !== "timertrigger" || options.isDisabled(f.name)) continue;
    const listener = listen(f, options);
    if (listener) listeners.push(listener);
  }
  for (const listener of listeners) listener.start();
  return {
    async stop(graceMs) {
      await Promise.all(listeners.map((listener) => listener.stop(graceMs)));
    },
  };
}

function listen(
  f: RegisteredFunction,
  { worker, store, clock, log, expand }: Parameters<typeof startTimers>[0],
): TimerListener | undefined {
  const { schedule: text, runOnStartup, useMonitor } = f.trigger.binding;
  try {
    const schedule = parseSchedule(expand(String(text ?? "")));
    const kept = useMonitor !== false && !schedule.subMinute;
    return new TimerListener({
      function: f,
      schedule,
      store: kept ? store : undefined,
      runOnStartup: runOnStartup === true,
      worker,
      clock,
      log,
    });
  } catch (error) {
    if (!(error instanceof NcrontabError || error instanceof SettingsError)) throw error;
    log("error", `Timer function "${f.name}" will not run: ${error.message}`, { functionName: f.name });
    return undefined;
  }
}
