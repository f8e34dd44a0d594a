import type { z } from "zod";

type Schema = z.core.$ZodType;
type Payload = z.core.ParsePayload;
type Result = Payload | Promise<Payload>;

/** Issues found of one value at the most: more than a person reads, and each costs memory that a caller should not have for the asking. */
const MAX_ISSUES = 100;
/** Members of an object whose names are the caller's own. */
export const MAX_MEMBERS = 10_000;

/** How far one reading is; it travels with zod's context, which schemas of other readers do not have. */
interface Budget {
  issues: number;
  skipped: boolean;
}
interface BudgetContext extends z.core.ParseContextInternal {
  budget?: Budget;
}

/**
 * Reads a value by a schema. zod goes on to the last element however many are wrong; here the rest is not looked at once a hundred issues were
 * found, and an object with too many members is not looked into at all.
 */
export function readSchema(schema: z.ZodType, value: unknown): { data: unknown } | { issues: z.core.$ZodIssue[] } {
  bound(schema);
  const budget: Budget = { issues: 0, skipped: false };
  const first = schema.safeParse(value, { reportInput: true, budget } as z.core.ParseContext<z.core.$ZodIssue>);
  // What one member of a union finds wrong may be right for the next: then nothing may have been left out.
  const parsed = first.success && budget.skipped ? schema.safeParse(value, { reportInput: true }) : first;
  return parsed.success ? { data: parsed.data } : { issues: parsed.error.issues };
}

const seen = new WeakSet<Schema>();

/** Puts the budget around the parts of a schema that a caller decides the number of. */
function bound(schema: Schema): void {
  if (seen.has(schema)) return;
  seen.add(schema);
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === "array") spend(def.element);
  if (def.type === "record") {
    limitMembers(schema);
    spend(def.keyType);
    spend(def.valueType);
  }
  for (const part of partsOf(def)) bound(part);
}

const WITHOUT_PARTS = new Set(["string", "number", "boolean", "null", "literal", "enum", "never", "unknown", "custom", "transform"]);

function partsOf(def: z.core.$ZodTypes["_zod"]["def"]): readonly Schema[] {
  switch (def.type) {
    case "object":
      return Object.values(def.shape);
    case "array":
      return [def.element];
    case "record":
      return [def.keyType, def.valueType];
    case "union":
      return def.options;
    case "optional":
    case "nullable":
    case "default":
      return [def.innerType];
    case "pipe":
      return [def.in, def.out];
    default:
      if (!WITHOUT_PARTS.has(def.type)) throw new Error(`a schema of kind ${def.type} is not known here: say which parts it has`);
      return [];
  }
}

const spending = new WeakSet<Schema>();

function spend(schema: Schema): void {
  if (spending.has(schema)) return;
  spending.add(schema);
  wrap(schema, (payload, { budget }, run) => {
    if (!budget) return run();
    if (budget.issues >= MAX_ISSUES) {
      budget.skipped = true;
      return payload;
    }
    const result = run();
    if (!(result instanceof Promise)) budget.issues += result.issues.length;
    return result;
  });
}

function limitMembers(schema: Schema): void {
  wrap(schema, (payload, { budget }, run) => {
    const { value } = payload;
    if (!budget || typeof value !== "object" || value === null || !hasMore(value)) return run();
    payload.issues.push({
      code: "custom",
      message: `an object may have ${MAX_MEMBERS} members, and this has more`,
      input: undefined,
      inst: schema,
    });
    return payload;
  });
}

function hasMore(value: object): boolean {
  return Object.keys(value).length > MAX_MEMBERS;
}

function wrap(schema: Schema, around: (payload: Payload, context: BudgetContext, run: () => Result) => Result): void {
  const inner = schema._zod.run;
  schema._zod.run = (payload, context) => around(payload, context, () => inner(payload, context));
}
