/** Name of the environment variable by which the driver speaks to the preload: an {@link Orders} as JSON. */
export const ORDERS_VARIABLE = "PENSTOCK_CHAOS";

/** Where at a durable write the kill falls. `torn`: of a file only half the bytes arrive, of a commit only a part of its log. */
export const MODES = ["before", "after", "torn"] as const;
export type Mode = (typeof MODES)[number];

/** Who is killed: the process that writes, the other one, or host and stand-ins at once. */
export const VICTIMS = ["one", "other", "both"] as const;
export type Victims = (typeof VICTIMS)[number];

/** What the preload is to do. Files of the control folder: `<role>.points`, `<role>.pid`, and `fired` once the kill has come. */
export interface Orders {
  control: string;
  /** Only writes below it are points. */
  state: string;
  /** Absent: record alone. */
  arm?: Arm;
}

export interface Arm {
  /** As the preload names it: `<role>/<kind>/<file>#<occurrence>`. */
  point: string;
  mode: Mode;
  victims: Victims;
  /** Decides where a write is torn, from 0 up to 1. */
  cut: number;
}

/** The processes of a workspace. */
export type Role = "host" | "stand-ins";
export const ROLES: readonly Role[] = ["host", "stand-ins"];
