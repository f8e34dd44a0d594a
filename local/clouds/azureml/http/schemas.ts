import type { ErrorObject, ValidateFunction } from "ajv";
import { ArmError } from "./arm-error.ts";

type Json = Record<string, unknown>;

interface Contract {
  "x-operations": Record<string, { request?: Json }>;
  definitions: Record<string, Json>;
}

/** Which types of a resource run on a laptop; the contract knows more, and each would cost time to compile. */
const ONLY: Readonly<Record<string, readonly string[]>> = { JobBase: ["Command"], Compute: ["AmlCompute"] };

/** Checks request bodies against the published contract; each operation's schema is compiled when it is first needed. */
export class RequestSchemas {
  readonly #compiled = new Map<string, Promise<ValidateFunction>>();

  /** Compiles ahead, so that the first request does not wait for it. */
  async warm(operations: readonly string[]): Promise<void> {
    for (const operation of operations) await this.#of(operation);
  }

  /** @throws {ArmError} 400, naming the field and what is wrong with it. */
  async check(operation: string, body: unknown): Promise<void> {
    const validate = await this.#of(operation);
    if (validate(body)) return;
    const problem = mostSpecific(validate.errors ?? []);
    const field = fieldOf(problem);
    throw new ArmError(400, "UserError", `${field || "The body"} ${describe(problem)}`, { inner: "BadArgument", target: field });
  }

  #of(operation: string): Promise<ValidateFunction> {
    const compiled = this.#compiled.get(operation) ?? compile(operation);
    this.#compiled.set(operation, compiled);
    return compiled;
  }
}

async function compile(operation: string): Promise<ValidateFunction> {
  const [{ createAjv }, contract] = await Promise.all([import("./ajv.ts"), contractOf(operation)]);
  const request = contract["x-operations"][operation]?.request;
  if (!request) throw new Error(`The contract describes no body for ${operation}`);
  const ajv = createAjv();
  return ajv.compile({ ...request, definitions: reached(request, contract.definitions) });
}

/** The definitions that a schema refers to, directly or not, with their unions said by discriminator. */
function reached(schema: Json, all: Record<string, Json>): Record<string, Json> {
  const found: Record<string, Json> = {};
  const waiting = [schema];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    for (const [, name = ""] of JSON.stringify(next).matchAll(/"#\/definitions\/([^"]+)"/g)) {
      const definition = all[name];
      if (found[name] || !definition) continue;
      found[name] = byDiscriminator(name, definition);
      waiting.push(found[name]);
    }
  }
  return found;
}

async function contractOf(operation: string): Promise<Contract> {
  const module = operation.startsWith("Compute_")
    ? await import("../../specs/aml-arm-computes-2024-04-01.json", { with: { type: "json" } })
    : await import("../../specs/aml-arm-assets-jobs-2024-04-01.json", { with: { type: "json" } });
  return module.default as unknown as Contract;
}

/**
 * Says a union by its discriminator instead of as `oneOf`, which comes to the same, but names the one field that is
 * wrong where `oneOf` complains about each alternative.
 */
function byDiscriminator(name: string, schema: Json): Json {
  const property = schema["x-discriminator"];
  if (typeof property !== "string") return schema;
  const values = ONLY[name] ?? (schema["x-discriminator-values"] as string[]);
  const alternatives = schema["oneOf"] as { allOf: [Json, { properties: Record<string, { const: string }> }] }[];
  const branches = alternatives.filter((one) => values.includes(one.allOf[1].properties[property]?.const ?? ""));
  const cases = branches.map(({ allOf: [reference, condition] }) => ({ anyOf: [{ not: condition }, reference] }));
  return { type: "object", required: [property], properties: { [property]: { enum: values } }, allOf: cases };
}

function mostSpecific(errors: readonly ErrorObject[]): ErrorObject | undefined {
  const told = errors.filter((error) => error.keyword !== "not" && error.keyword !== "anyOf" && !isNullAlternative(error));
  return told.toSorted((a, b) => b.instancePath.length - a.instancePath.length)[0] ?? errors[0];
}

/** Optional members are written as "this or null": that it is not null is never the point. */
function isNullAlternative(error: ErrorObject): boolean {
  return error.keyword === "type" && error.params["type"] === "null";
}

function fieldOf(error: ErrorObject | undefined): string {
  const path = (error?.instancePath ?? "").slice(1).split("/").map(unescapeSegment).filter(Boolean);
  const member = error?.params["additionalProperty"] ?? error?.params["missingProperty"];
  return (member === undefined ? path : [...path, String(member)]).join(".");
}

function unescapeSegment(segment: string): string {
  return segment.replaceAll("~1", "/").replaceAll("~0", "~");
}

function describe(error: ErrorObject | undefined): string {
  switch (error?.keyword) {
    case "additionalProperties":
      return "is not a known property: leave it out";
    case "required":
      return "is required";
    case "enum":
      return `must be one of ${(error.params["allowedValues"] as string[]).join(", ")}`;
    default:
      return error?.message ?? "is not valid";
  }
}
