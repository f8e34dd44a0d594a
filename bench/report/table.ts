import { printTable } from "../../cli/table.ts";
import type { Colors, Terminal } from "../../cli/terminal.ts";
import { minimum } from "../support/statistics.ts";
import { isOver, type RowResult } from "./row.ts";

const BAR_CELLS = 18;
/** Where in the bar the limit stands. */
const LIMIT_CELL = 12;

/** Prints the rows: lined up with bars for a person, parted by tabs for a program. */
export function printRows(out: Terminal, results: readonly RowResult[]): void {
  const headings = [
    "row",
    "median",
    "minimum",
    "unit",
    "limit",
    ...(out.isTTY ? ["of the limit"] : []),
    "baseline",
    "ratio",
    "result",
    "note",
  ];
  printTable(
    out,
    headings,
    results.map((row) => [
      row.name,
      figure(row.value),
      row.samples.length === 0 ? "" : figure(minimum(row.samples)),
      row.unit,
      row.limit === null ? "" : `${row.better === "lower" ? "≤" : "≥"} ${figure(row.limit)}`,
      ...(out.isTTY ? [bar(row)] : []),
      figure(row.baseline),
      figure(row.ratio),
      verdict(row),
      row.note ?? "",
    ]),
  );
}

/** How much of the limit a row uses: full up to the stroke is exactly the limit. */
export function bar({ value, limit, better }: Pick<RowResult, "value" | "limit" | "better">): string {
  if (value === null || limit === null) return "";
  const use = better === "lower" ? value / limit : limit / value;
  const filled = Math.min(BAR_CELLS, Math.max(0, Math.round(use * LIMIT_CELL)));
  const cells = "█".repeat(filled).padEnd(BAR_CELLS, "·");
  return `${cells.slice(0, LIMIT_CELL)}│${cells.slice(LIMIT_CELL)}`;
}

/** Three digits that say something. */
export function figure(value: number | null): string {
  if (value === null) return "";
  if (!Number.isFinite(value)) return String(value);
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 6));
}

export function verdict(row: RowResult): string {
  if (isOver(row)) return row.value === null ? "FAILED" : "OVER";
  if (row.value === null) return "not measured";
  return row.limit === null ? "" : "ok";
}

/** One line as soon as a row is known, since all of them take long. */
export function rowLine(row: RowResult, colors: Colors): string {
  const word = verdict(row);
  const paint = isOver(row) ? colors.red : word === "ok" ? colors.green : colors.dim;
  const limit = row.limit === null ? "" : ` (${row.better === "lower" ? "≤" : "≥"} ${figure(row.limit)})`;
  const value = row.value === null ? "" : ` ${figure(row.value)} ${row.unit}${limit}`;
  return `${paint(word.padEnd(12))} ${row.name}${value}${row.note === undefined ? "" : colors.dim(` — ${row.note}`)}`;
}
