import type { Bench, Family } from "./family.ts";
import { type RowResult, unmeasured } from "./report/row.ts";

/** Measures the wanted rows of each family. A family that breaks leaves rows that say why, and the others are measured all the same. */
export async function runFamilies(families: readonly Family[], bench: Bench): Promise<RowResult[]> {
  const results: RowResult[] = [];
  for (const family of families) {
    const wanted = family.rows.filter((row) => bench.wants(row));
    if (wanted.length === 0) continue;
    const known = new Set<string>();
    const keep = (result: RowResult) => {
      known.add(result.name);
      results.push(result);
      bench.report(result);
    };
    const problem = await family.measure({ ...bench, report: keep }).then(
      () => "it was not measured",
      (error: Error) => firstLine(error),
    );
    for (const row of wanted) if (!known.has(row.name)) keep(unmeasured(row, problem));
  }
  return results;
}

function firstLine({ message }: Error): string {
  return message.split("\n", 3).join(" ").slice(0, 300);
}
