import type { Caller } from "./caller.ts";
import type { Workspace } from "./workspace.ts";

/** What a scenario must stay within. */
export interface Bounds {
  hostMiB: number;
  standInsMiB: number;
  /** From the workspace's start to the scenario's end. */
  seconds: number;
  /** The slowest answer to a small question meanwhile. */
  answerMs: number;
}

export interface Context {
  readonly workspace: Workspace;
  readonly caller: Caller;
  readonly small: boolean;
  /** Notes a figure for people. */
  note(figure: string): void;
  /** Notes what is wrong. */
  check(holds: boolean, otherwise: string): void;
}

export interface Scenario {
  readonly name: string;
  readonly about: (small: boolean) => string;
  readonly bounds: Bounds;
  run(context: Context): Promise<void>;
}
