/** What a client meets instead of an answer. */
export type FaultEffect =
  | { kind: "status"; status: number; headers?: Record<string, string>; body?: string }
  /** The connection is reset. */
  | { kind: "reset" }
  /** The answer never comes. */
  | { kind: "hang" };

/** A fault to inject. `before`: the operation does not happen. `after`: it happened, and the answer is lost. */
export interface Fault {
  /** An operation id of the contract, such as `Jobs_CreateOrUpdate`, or `*`. */
  operation: string;
  when: "before" | "after";
  effect: FaultEffect;
  /** How often; absent: for ever. */
  times?: number;
  /** From 0 to 1; absent: each time. */
  probability?: number;
}

const EFFECTS = ["status", "reset", "hang"];

/** The faults still to come, in order: the first that fits is taken. */
export class FaultPlan {
  #faults: Fault[];
  readonly #random: () => number;

  constructor(faults: readonly Fault[] = [], random: () => number = Math.random) {
    this.#faults = faults.map((fault) => ({ ...fault }));
    this.#random = random;
  }

  replace(faults: readonly Fault[]): void {
    this.#faults = faults.map((fault) => ({ ...fault }));
  }

  take(operation: string, when: Fault["when"]): FaultEffect | undefined {
    const fits = (fault: Fault) => fault.when === when && (fault.operation === "*" || fault.operation === operation);
    const fault = this.#faults.find((one) => fits(one) && (one.times ?? 1) > 0 && this.#random() < (one.probability ?? 1));
    if (fault?.times !== undefined) fault.times--;
    return fault?.effect;
  }
}

/** Reads what `PUT /faults` is given. @throws {TypeError} when it is not a list of faults. */
export function parseFaults(body: unknown): Fault[] {
  if (!Array.isArray(body) || !body.every(isFault)) {
    throw new TypeError(
      'Send a list of {operation, when: "before"|"after", effect: {kind: "status"|"reset"|"hang", …}, times?, probability?}',
    );
  }
  return body;
}

function isFault(value: unknown): value is Fault {
  const fault = value as Partial<Fault> | null;
  if (typeof fault?.operation !== "string" || (fault.when !== "before" && fault.when !== "after")) return false;
  if (!EFFECTS.includes(fault.effect?.kind ?? "")) return false;
  if (fault.effect?.kind === "status" && !Number.isInteger(fault.effect.status)) return false;
  return [fault.times, fault.probability].every((number) => number === undefined || typeof number === "number");
}
