import { printFields, printTable } from "../../cli/table.ts";
import type { Terminal } from "../../cli/terminal.ts";
import { figure } from "../report/table.ts";
import type { WatchedRole } from "../watch/orders.ts";
import { hottest, type StageTime } from "./attribute.ts";
import type { Stack } from "./cpu-profile.ts";

export interface StageReport {
  unit: "step" | "request";
  units: number;
  milliseconds: number;
  times: readonly StageTime[];
  syncs: readonly { role: WatchedRole; syncs: Readonly<Record<string, number>> }[];
}

/** Where the time of one step goes: a table by process and stage, then the waits for the disk. */
export function printStages(out: Terminal, { unit, units, milliseconds, times, syncs }: StageReport): void {
  printTable(
    out,
    ["process", "stage", `ms/${unit}`, "share"],
    times.map(({ role, stage, milliseconds: ms, share }) => [
      role,
      stage,
      figure(ms),
      stage === "idle" ? "" : `${(share * 100).toFixed(1)} %`,
    ]),
  );
  const perUnit = (count: number) => `${figure(count / units)} a ${unit}`;
  out.line();
  printFields(out, [
    ["wall", `${figure(milliseconds / units)} ms a ${unit}, ${units} ${unit}s, while being watched`],
    ...syncs.map(({ role, syncs: counts }): [string, string] => {
      const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
      const parts = Object.entries(counts).map(([file, count]) => `${file} ${perUnit(count)}`);
      return [`syncs, ${role}`, all === 0 ? "none" : `${perUnit(all)} (${parts.join(", ")})`];
    }),
  ]);
}

export function printHottest(out: Terminal, role: WatchedRole, stacks: readonly Stack[], units: number, most: number): void {
  const busy = stacks.filter(({ frames: [top] }) => top?.name !== "(idle)");
  out.line();
  printTable(
    out,
    [`${role}: function`, "ms"],
    hottest(busy, most).map(({ name, microseconds }) => [name, figure(microseconds / 1000 / units)]),
  );
}
