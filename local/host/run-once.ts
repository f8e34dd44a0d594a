import type { HostLog, RegisteredFunction, TypedData, Worker } from "./contract.ts";
import { timerInput } from "./timers/timer-input.ts";

/**
 * Runs a function outside its trigger, as the admin endpoint does: a timer now, an Event Grid or activity function with the
 * given text. Its failure goes to the log. Undefined for kinds that cannot be run so.
 */
export function runOnce(worker: Worker, log: HostLog, f: RegisteredFunction, input: string): Promise<void> | undefined {
  const data = inputData(f.trigger.binding.type.toLowerCase(), input);
  if (!data) return undefined;
  return worker.invoke({ functionName: f.name, inputs: { [f.trigger.name]: data } }).then(
    () => {},
    (error: unknown) =>
      log("error", `Function "${f.name}" failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, {
        functionName: f.name,
      }),
  );
}

function inputData(triggerType: string, input: string): TypedData | undefined {
  if (triggerType === "timertrigger") return timerInput({ adjustForDst: true }, undefined, false);
  return triggerType === "eventgridtrigger" || triggerType === "activitytrigger" ? { string: input } : undefined;
}
