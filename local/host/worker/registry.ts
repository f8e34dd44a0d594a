import type { RegisteredFunction } from "../contract.ts";
import type { FunctionCallback, FunctionMetadata, HookCallback, HookName, LogCategory, LogLevel } from "./core-api.ts";
import { HOOK_NAMES } from "./core-api.ts";
import { Disposable } from "./disposable.ts";
import { isTrigger, refuseUnsupported } from "./supported-bindings.ts";
import { SystemError, SystemRangeError } from "./system-error.ts";

/** A function together with what only the worker needs of it. */
export interface Registration {
  readonly function: RegisteredFunction;
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

/** Where one loading of one app puts its functions and hooks. Closed once the app has started. */
export class Registry {
  readonly functions = new Map<string, RegisteredFunction>();
  readonly #registrations = new Map<string, Registration>();
  readonly #hooks = new Map<HookName, HookCallback[]>(HOOK_NAMES.map((name) => [name, []]));
  readonly #log: (level: LogLevel, category: LogCategory, message: string) => void;
  #locked = false;

  constructor(log: (level: LogLevel, category: LogCategory, message: string) => void) {
    this.#log = log;
  }

  /** After this, registering a function is an error; hooks may still come and go. */
  lock(): void {
    this.#locked = true;
  }

  registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
    if (this.#locked) throw new SystemError("A function can only be registered during app startup.");
    const name = metadata.name;
    const key = (metadata.functionId ?? name).toLowerCase();
    if (this.#registrations.has(key))
      throw new SystemError(`A function named "${name}" is registered already; names must differ in more than their case.`);
    const registered = toRegisteredFunction(metadata);
    this.#registrations.set(key, { function: registered, metadata, callback });
    this.functions.set(name, registered);
    return new Disposable(() => {
      if (this.#locked) throw new SystemError("A function can only be disposed during app startup.");
      this.#registrations.delete(key);
      this.functions.delete(name);
    });
  }

  registerHook(name: string, callback: HookCallback): Disposable {
    const hooks = this.#hooks.get(name as HookName);
    if (!hooks) throw new SystemRangeError(`There is no hook named "${name}"; the hooks are ${HOOK_NAMES.join(", ")}.`);
    hooks.push(callback);
    return new Disposable(() => {
      const at = hooks.indexOf(callback);
      if (at >= 0) hooks.splice(at, 1);
    });
  }

  log(level: LogLevel, category: LogCategory, message: string): void {
    this.#log(level, category, message);
  }

  /** In the order in which they were registered. The array is live. */
  hooks(name: HookName): readonly HookCallback[] {
    return this.#hooks.get(name) ?? [];
  }

  /** By name, ignoring case. */
  find(name: string): Registration | undefined {
    return this.#registrations.get(name.toLowerCase());
  }
}

function toRegisteredFunction(metadata: FunctionMetadata): RegisteredFunction {
  const triggers = Object.entries(metadata.bindings).filter(([, binding]) => isTrigger(binding));
  const [first] = triggers;
  if (!first || triggers.length > 1) {
    throw new SystemError(`Function "${metadata.name}" has ${triggers.length} triggers; a function has exactly one.`);
  }
  refuseUnsupported(metadata.name, metadata.bindings);
  return {
    name: metadata.name,
    bindings: metadata.bindings,
    trigger: { name: first[0], binding: first[1] },
    ...(metadata.retryOptions ? { retryOptions: metadata.retryOptions } : {}),
  };
}
