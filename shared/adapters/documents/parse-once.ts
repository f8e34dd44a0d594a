import type { z } from "zod";

/** What a schema made of a stored value. */
type Parsed = ReturnType<z.ZodType["safeParse"]>;

const known = new WeakMap<z.ZodType, WeakMap<object, Parsed>>();

/**
 * Like `safeParse`, but a value that a store gives out twice is read once. What comes out is shared by all who asked, and therefore frozen.
 */
export function parseOnce<T extends z.ZodType>(schema: T, value: unknown): z.ZodSafeParseResult<z.output<T>> {
  if (typeof value !== "object" || value === null) return schema.safeParse(value) as z.ZodSafeParseResult<z.output<T>>;
  const values = known.get(schema) ?? new WeakMap<object, Parsed>();
  known.set(schema, values);
  let parsed = values.get(value);
  if (!parsed) {
    parsed = schema.safeParse(value);
    if (parsed.success) freeze(parsed.data);
    values.set(value, parsed);
  }
  return parsed as z.ZodSafeParseResult<z.output<T>>;
}

/** Freezes a value with all that is in it. */
export function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
}
