/** What the user can do something about, by how a program should end on it. */
export type UserErrorKind = "usage" | "not-found" | "conflict" | "forbidden" | "unreachable";

/** An error that says all the user needs: a sentence, what it is about line by line, and what to do. Never shown with a stack. */
export class UserError extends Error {
  override readonly name: string = "UserError";
  readonly kind: UserErrorKind;
  /** Lines below the message, each complete in itself. */
  readonly details: readonly string[];
  readonly remedy: string | undefined;

  constructor(kind: UserErrorKind, message: string, more: { details?: readonly string[]; remedy?: string; cause?: unknown } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.kind = kind;
    this.details = more.details ?? [];
    this.remedy = more.remedy;
  }
}
