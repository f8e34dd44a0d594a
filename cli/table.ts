import type { Terminal } from "./terminal.ts";
import { harmless, padText, textWidth } from "./text-width.ts";

/** A table of texts: lined up for a person, parted by tabs for a program; never cut. The last column is not filled up. */
export function printTable(out: Terminal, headings: readonly string[], rows: readonly (readonly string[])[]): void {
  const clean = rows.map((row) => row.map(harmless));
  if (!out.isTTY) {
    for (const row of [headings, ...clean]) out.line(row.join("\t"));
    return;
  }
  const widths = headings.map((heading, column) =>
    clean.reduce((widest, row) => Math.max(widest, textWidth(row[column] ?? "")), textWidth(heading)),
  );
  const lined = (row: readonly string[]): string =>
    row
      .map((cell, column) => padText(cell, widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  out.line(out.colors.dim(lined(headings.map((heading) => heading.toUpperCase()))));
  for (const row of clean) out.line(lined(row));
}

/** Names and values below one another; empty values are left out. */
export function printFields(out: Terminal, fields: readonly (readonly [name: string, value: string])[]): void {
  const shown = fields.filter(([, value]) => value !== "");
  const width = Math.max(0, ...shown.map(([name]) => textWidth(name)));
  for (const [name, value] of shown)
    out.line(out.isTTY ? `${out.colors.dim(padText(name, width))}  ${harmless(value)}` : `${name}\t${harmless(value)}`);
}
