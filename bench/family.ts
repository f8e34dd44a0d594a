import type { Gate } from "./gate/gate.ts";
import type { Pairs, Plan, Sides } from "./gate/measure-pairs.ts";
import type { RowResult, RowSpec } from "./report/row.ts";

/** What a family of rows is given to measure with. */
export interface Bench {
  readonly plan: Plan;
  readonly gate: Gate;
  /** Whether this is for a look: sizes that take long are made smaller, and the rows say so. */
  readonly quick: boolean;
  /** On the disk that is measured; empty, and removed at the end. */
  readonly folder: string;
  /** Which rows are wanted, by name. */
  wants(row: RowSpec): boolean;
  /** Says how far a row has come. */
  tell(row: RowSpec, text: string): void;
  /** Measures a row's pairs by the plan. */
  pairs(row: RowSpec, sides: Sides): Promise<Pairs>;
  /** A row is known. */
  report(result: RowResult): void;
}

/** Rows that share what has to be set up. */
export interface Family {
  readonly rows: readonly RowSpec[];
  measure(bench: Bench): Promise<void>;
}
