import type { Binding } from "../contract.ts";
import { SystemError } from "./system-error.ts";

const TRIGGERS = new Set(["httptrigger", "timertrigger", "eventgridtrigger", "orchestrationtrigger", "activitytrigger"]);
const INPUTS = new Set(["durableclient", "orchestrationclient"]);
const OUTPUTS = new Set(["http"]);

export const isTrigger = (binding: Binding): boolean => /trigger$/i.test(binding.type);

/**
 * Refuses a function that this host could load but would never run right: a trigger that never fires and an output that
 * goes nowhere are worse than an app that does not start.
 */
export function refuseUnsupported(functionName: string, bindings: Readonly<Record<string, Binding>>): void {
  for (const binding of Object.values(bindings)) {
    if (isSupported(binding)) continue;
    const kind = isTrigger(binding) ? "trigger" : binding.direction === "out" ? "output" : "input";
    throw new SystemError(
      `Function "${functionName}" has a binding of type "${binding.type}", a ${kind} that the embedded host does not offer (it has httpTrigger, timerTrigger, eventGridTrigger, orchestrationTrigger, activityTrigger and the durableClient input); run this app with Azure Functions Core Tools, or take the function out.`,
    );
  }
}

function isSupported(binding: Binding): boolean {
  const type = binding.type.toLowerCase();
  if (isTrigger(binding)) return TRIGGERS.has(type);
  return binding.direction === "out" ? OUTPUTS.has(type) : INPUTS.has(type);
}
