/** A workspace cannot start, and somebody can do something about it: told as it is, without a stack. */
export class StartError extends Error {
  override readonly name = "StartError";
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}
