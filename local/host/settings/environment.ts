import type { RegisteredFunction } from "../contract.ts";
import { SettingsError } from "./settings-error.ts";

/**
 * Puts variables into the process's environment. Those in `always` replace what is there; those in `unlessSet` do not, and
 * an earlier group wins over a later one. The function returned undoes it.
 */
export function applyEnvironment(always: Record<string, string>, ...unlessSet: Record<string, string>[]): () => void {
  const before = new Map<string, string | undefined>();
  const set = (name: string, value: string) => {
    if (!before.has(name)) before.set(name, process.env[name]);
    process.env[name] = value;
  };
  for (const [name, value] of Object.entries(always)) set(name, value);
  for (const [name, value] of unlessSet.flatMap((group) => Object.entries(group))) {
    if (process.env[name] === undefined) set(name, value);
  }
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}

/**
 * Replaces each `%NAME%` by the setting of that name, as in a timer's schedule.
 * @throws {SettingsError} if there is no such setting.
 */
export function expandSettings(text: string): string {
  return text.replace(/%([^%]+)%/g, (_, name: string) => {
    const value = process.env[name];
    if (value === undefined)
      throw new SettingsError(
        `"${text}" asks for the setting "${name}", which is not set; put it into local.settings.json or the environment.`,
      );
    return value;
  });
}

/** Functions switched off by `AzureWebJobs.<name>.Disabled`, also with `__` or `_` for the periods, which a shell does not take. Asked once per name. */
export function disabledFunctions(functions: Iterable<RegisteredFunction>): (functionName: string) => boolean {
  const disabled = new Set<string>();
  for (const { name } of functions) {
    const value = [".", "__", "_"].map((dot) => process.env[`AzureWebJobs${dot}${name}${dot}Disabled`]).find((each) => each !== undefined);
    if (value !== undefined && /^(?:true|1)$/i.test(value)) disabled.add(name);
  }
  return (functionName) => disabled.has(functionName);
}

const BODY_LIMIT_BYTES = 104_857_600;

/** FUNCTIONS_REQUEST_BODY_SIZE_LIMIT, in bytes; 100 MiB by default. */
export function bodyLimitBytes(): number {
  const text = process.env["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"];
  if (text === undefined || text === "") return BODY_LIMIT_BYTES;
  if (/^\d+$/.test(text)) return Number(text);
  throw new SettingsError(`FUNCTIONS_REQUEST_BODY_SIZE_LIMIT is "${text}"; it is a whole number of bytes, as ${BODY_LIMIT_BYTES}.`);
}
