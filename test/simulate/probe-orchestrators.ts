import type { OrchestrationContext, OrchestrationHandler, Task } from "durable-functions";
import type { Op } from "./probe-plans.ts";

type Walk = { ops: Op[]; results: unknown[] };

const probeWalker: OrchestrationHandler = function* ({ df }: OrchestrationContext): Generator<Task, unknown, unknown> {
  const { ops, results } = df.getInput() as Walk;
  const now = () => df.currentUtcDateTime.getTime();
  for (const [at, op] of ops.entries()) {
    const began = now();
    switch (op.do) {
      case "activity":
        results.push(yield df.callActivity("probeAdd", op.value));
        break;
      case "all":
        results.push(yield df.Task.all(op.values.map((value) => df.callActivity("probeAdd", value))));
        break;
      case "timer":
        yield df.createTimer(new Date(began + op.ms));
        results.push(now() >= began + op.ms ? "on time" : "too early");
        break;
      case "race": {
        const timer = df.createTimer(new Date(began + op.ms));
        const winner = yield df.Task.any([df.waitForExternalEvent("never raised"), timer]);
        results.push(winner === timer && now() >= began + op.ms ? "on time" : "too early");
        break;
      }
      case "child":
        results.push(yield df.callSubOrchestrator("probeWalker", { ops: op.ops, results: [] }));
        break;
      case "again":
        df.continueAsNew({ ops: ops.slice(at + 1), results });
        return undefined;
    }
  }
  return results;
};

type Collection = { items: number; perGeneration: number; got: number[] };

const probeCollector: OrchestrationHandler = function* ({ df }: OrchestrationContext): Generator<Task, unknown, unknown> {
  const { items, perGeneration, got } = df.getInput() as Collection;
  for (let count = 0; count < perGeneration; count++) {
    got.push((yield df.waitForExternalEvent("item")) as number);
    if (new Set(got).size === items) return got;
  }
  df.continueAsNew({ items, perGeneration, got });
  return undefined;
};

export const probeOrchestrators: Readonly<Record<string, OrchestrationHandler>> = { probeWalker, probeCollector };
