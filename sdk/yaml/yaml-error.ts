import { UserError } from "../user-error.ts";

/** A place in a file, counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One thing wrong with a file; without a position it is about the file as a whole. */
export interface FileIssue {
  readonly file: string;
  readonly position?: Position;
  readonly message: string;
  readonly remedy?: string;
}

/** Everything that is wrong with a file, in the order of its lines. */
export class FileError extends UserError {
  override readonly name = "FileError";
  readonly issues: readonly FileIssue[];

  constructor(message: string, issues: readonly FileIssue[]) {
    super("usage", message, { details: issues.map(formatIssue) });
    this.issues = issues;
  }
}

/** `file:line:column: message (remedy)`, as compilers write it, so that editors and terminals can jump there. */
export function formatIssue({ file, position, message, remedy }: FileIssue): string {
  const place = position === undefined ? file : `${file}:${position.line}:${position.column}`;
  return `${place}: ${message}${remedy === undefined ? "" : ` (${remedy})`}`;
}
