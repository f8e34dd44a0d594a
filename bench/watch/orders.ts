/** Name of the environment variable that tells the preload where its folder is. */
export const WATCH_VARIABLE = "PENSTOCK_BENCH_WATCH";

export type WatchedRole = "host" | "stand-ins";
export const WATCHED_ROLES: readonly WatchedRole[] = ["host", "stand-ins"];

/** What the preload writes to `<role>.json` when a stretch has ended. The profile lies beside it, as `<role>.cpuprofile`. */
export interface WatchedStretch {
  /** Waits for the disk, by file (or database), as far as they were asked for by the program itself. */
  syncs: Record<string, number>;
  milliseconds: number;
}
