import { UserError } from "./user-error.ts";
import type { Walked } from "./walk-folder.ts";

interface Limits {
  readonly snapshotBytes: number;
  readonly snapshotFiles: number;
}

/** Refuses a folder that is larger than a snapshot may be: shows what is large in it and which ignore lines would help. */
export function limitError(folder: string, walked: Walked, limits: Limits, ignoreFile: string | undefined): UserError | undefined {
  const sizes = walked.files.map(({ path, stat }) => ({ path, size: stat.size }));
  const bytes = sizes.reduce((sum, { size }) => sum + size, 0);
  const tooMany = sizes.length > limits.snapshotFiles;
  if (!tooMany && bytes <= limits.snapshotBytes) return undefined;
  const count = walked.endless ? `more than ${sizes.length}` : String(sizes.length);
  const largest = [...sizes].sort((a, b) => b.size - a.size).slice(0, 10);
  return new UserError("usage", `${folder} is too large for a snapshot: ${count} files, ${megabytes(bytes)}`, {
    details: [
      `a snapshot may have ${limits.snapshotFiles} files and ${megabytes(limits.snapshotBytes)}`,
      "the largest files:",
      ...largest.map(({ path, size }) => `  ${megabytes(size).padStart(10)}  ${path}`),
      `lines for ${ignoreFile ?? ".amlignore"} that would help:`,
      ...helpfulLines(sizes, tooMany).map((line) => `  ${line}`),
    ],
    remedy: "keep data in a datastore (data_references), and code alone in source_directory",
  });
}

/** The entries of the folder that weigh most, in files or in bytes, whichever is over the limit. */
function helpfulLines(sizes: readonly { path: string; size: number }[], byCount: boolean): string[] {
  const weights = new Map<string, number>();
  for (const { path, size } of sizes) {
    const end = path.indexOf("/");
    const line = `/${escapeLine(end < 0 ? path : path.slice(0, end))}${end < 0 ? "" : "/"}`;
    weights.set(line, (weights.get(line) ?? 0) + (byCount ? 1 : size));
  }
  return [...weights]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 5)
    .map(([line]) => line);
}

/** Characters that mean something in an ignore file. */
function escapeLine(name: string): string {
  return name.replace(/[*?[\]\\]/g, "\\$&").replace(/ +$/, (spaces) => "\\ ".repeat(spaces.length));
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
