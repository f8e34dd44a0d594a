import type { Engine } from "./engine.ts";
import { isFinished } from "./loaded-instance.ts";
import { Refusal } from "./refusal.ts";
import { unknownFunctionText } from "./replay-nodes.ts";
import { rewind } from "./rewind.ts";
import type { InstanceRow } from "./storage.ts";
import { EventType, event } from "./wire.ts";

const LONGEST_ID = 256;

/** What clients may ask of instances. Each throws a {@link Refusal} where the extension refuses. */
export class ClientOperations {
  constructor(private readonly engine: Engine) {}

  /** Starts an instance and gives its id: a random one if none, or a blank one, is asked for. `input` is JSON text. */
  start(name: string, wantedId: string | undefined, input: string | null): string {
    const { engine } = this;
    if (!engine.functions.find("orchestrator", name))
      throw Refusal.argument(unknownFunctionText(engine.functions.names("orchestrator"), "orchestrator", name));
    const id = wantedId === undefined || wantedId.trim() === "" ? engine.parts.random.hex32() : wantedId;
    checkId(id);
    const existing = engine.storage.instance(id);
    if (existing && !isFinished(existing.status))
      throw Refusal.wrong(
        `An Orchestration instance with the status ${existing.status} already exists.`,
        "DurableTask.Core.Exceptions.OrchestrationAlreadyExistsException",
      );
    engine.create({ name, id, input, parent: null });
    return id;
  }

  /** Starts an instance again from its first input, under a new id or its own. */
  restart(id: string, underNewId: boolean): string {
    const row = this.engine.storage.instance(id);
    if (!row)
      throw Refusal.argument(
        `An orchestrastion with the instanceId ${id} was not found.`,
        "InstanceId does not match a valid orchestration instance.",
      );
    return this.start(row.name, underNewId ? undefined : id, row.input);
  }

  status(id: string): InstanceRow {
    const row = this.engine.storage.instance(id);
    if (!row) throw Refusal.notFound();
    return row;
  }

  /** `data` is JSON text. */
  raise(id: string, name: string, data: string): void {
    const row = this.live(id);
    this.engine.send(row, event(EventType.EventRaised, this.engine.now(), { Name: name, Input: data, ParentTraceContext: null }), null);
  }

  terminate(id: string, reason: string | null): void {
    this.engine.send(this.live(id), event(EventType.ExecutionTerminated, this.engine.now(), { Input: reason }), null);
  }

  suspend(id: string, reason: string | null): void {
    this.turn(id, reason, "suspend", EventType.ExecutionSuspended, "Suspended");
  }

  resume(id: string, reason: string | null): void {
    this.turn(id, reason, "resume", EventType.ExecutionResumed, "Running", "Pending");
  }

  /** Runs a failed instance on from before its failures. */
  rewind(id: string, reason: string | null): void {
    const row = this.status(id);
    if (row.status !== "Failed") throw Refusal.gone();
    rewind(this.engine, row, reason);
  }

  /** Deletes a finished instance; says whether there was one. */
  purge(id: string): boolean {
    const row = this.engine.storage.instance(id);
    if (!row || !isFinished(row.status)) return false;
    this.engine.remove(row);
    return true;
  }

  private turn(id: string, reason: string | null, verb: string, type: number, ...not: string[]): void {
    const row = this.live(id);
    if (not.includes(row.status))
      throw Refusal.wrong(
        `Cannot ${verb} the orchestration instance ${id} because instance is in the ${row.status} state.`,
        "System.InvalidOperationException",
      );
    this.engine.send(row, event(type, this.engine.now(), { Reason: reason }), null);
  }

  private live(id: string): InstanceRow {
    const row = this.status(id);
    if (isFinished(row.status)) throw Refusal.gone();
    return row;
  }
}

/** The extension's rules for ids [R instance-ids]. */
function checkId(id: string): void {
  if (id.startsWith("@")) throw Refusal.argument("instanceId (Parameter 'Orchestration instance ids must not start with @.')");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[/\\#?\u0000-\u001f\u007f-\u009f]/.test(id))
    throw Refusal.argument("instanceId (Parameter 'Orchestration instance ids must not contain /, \\, #, ?, or control characters.')");
  if (id.length > LONGEST_ID) throw Refusal.argument(`Instance ID lengths must not exceed ${LONGEST_ID} characters.`);
}
