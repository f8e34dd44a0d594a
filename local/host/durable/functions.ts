import type { RegisteredFunction, Worker } from "../contract.ts";
import type { FunctionKind } from "./replay-world.ts";

const TRIGGERS: Record<FunctionKind, string> = {
  orchestrator: "orchestrationtrigger",
  activity: "activitytrigger",
  entity: "entitytrigger",
};

/** The app's durable functions, found by name ignoring case. */
export class DurableFunctions {
  private readonly byKind: Record<FunctionKind, Map<string, RegisteredFunction>>;

  /** @throws {Error} the app has an entity: this host offers none. */
  constructor(worker: Worker) {
    const all = [...worker.functions.values()];
    const ofKind = (kind: FunctionKind) =>
      new Map(all.filter((f) => f.trigger.binding.type.toLowerCase() === TRIGGERS[kind]).map((f) => [f.name.toUpperCase(), f]));
    this.byKind = { orchestrator: ofKind("orchestrator"), activity: ofKind("activity"), entity: ofKind("entity") };
    const [entity] = this.names("entity");
    if (entity !== undefined)
      throw new Error(
        `The function '${entity}' is a durable entity, which this host does not offer. Keep its state in a store or in an orchestration instead.`,
      );
  }

  find(kind: FunctionKind, name: string): RegisteredFunction | undefined {
    return this.byKind[kind].get(name.toUpperCase());
  }

  names(kind: FunctionKind): string[] {
    return [...this.byKind[kind].values()].map((f) => f.name);
  }
}
