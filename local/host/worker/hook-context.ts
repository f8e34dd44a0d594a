import { SystemError } from "./system-error.ts";

/** Data that hooks share: `hookData` within one invocation (or start, or end), `appHookData` within the process. */
export interface HookData {
  readonly hookData: Record<string, unknown>;
  readonly appHookData: Record<string, unknown>;
}

/** A hook's context: members of `fixed` cannot be assigned, those of `open` can, and the caller reads them back. */
export function hookContext<Open extends object>(fixed: object, open: Open): Open {
  const context = { ...open };
  for (const [name, value] of Object.entries(fixed)) {
    Object.defineProperty(context, name, {
      enumerable: true,
      get: () => value,
      set: () => {
        throw new SystemError(`"${name}" of a hook's context cannot be assigned; change what it holds.`);
      },
    });
  }
  return context;
}
