import type { InvocationContext } from "@azure/functions";
import { logLine } from "../shared/api/log-line.ts";
import type { Log } from "../shared/ports/log.ts";

/** The port over one invocation: its lines carry the invocation's id into Application Insights, and host.json decides which get through. */
export function contextLog(context: InvocationContext): Log {
  return {
    info: (message, detail) => context.info(logLine(message, detail)),
    warn: (message, detail) => context.warn(logLine(message, detail)),
    error: (message, detail) => context.error(logLine(message, detail)),
  };
}
