import { FileError, type FileIssue, type Position } from "./yaml-error.ts";

/** Issues kept of one file; what a person cannot read in one go is only counted. */
const MAX_ISSUES = 50;

/** Collects what is wrong with a file, so that all of it can be said at once. */
export class Report {
  readonly file: string;
  private readonly issues: FileIssue[] = [];
  private dropped = 0;

  constructor(file: string) {
    this.file = file;
  }

  add(position: Position | undefined, message: string, remedy?: string): void {
    if (this.issues.length >= MAX_ISSUES) {
      this.dropped++;
      return;
    }
    this.issues.push({ file: this.file, message, ...(position && { position }), ...(remedy !== undefined && { remedy }) });
  }

  get count(): number {
    return this.issues.length + this.dropped;
  }

  /** @throws {FileError} when anything was added. */
  throwIfAny(): void {
    if (this.count > 0) throw this.error();
  }

  error(): FileError {
    const sorted = [...this.issues].sort((a, b) => line(a) - line(b) || column(a) - column(b));
    const rest = this.dropped > 0 ? [{ file: this.file, message: `and ${this.dropped} more` }] : [];
    const count = this.count === 1 ? "1 problem" : `${this.count} problems`;
    return new FileError(`${this.file} has ${count}`, [...sorted, ...rest]);
  }
}

const line = (issue: FileIssue): number => issue.position?.line ?? 0;
const column = (issue: FileIssue): number => issue.position?.column ?? 0;
