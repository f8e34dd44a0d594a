/** What the management API answers instead of doing what was asked: a status and, mostly, a body in the extension's form. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly summary?: string,
    readonly reason?: string,
    readonly exceptionType?: string,
  ) {
    super(reason ?? summary ?? `status ${status}`);
  }

  /** JSON, or undefined for an answer without a body. */
  get body(): string | undefined {
    if (this.summary === undefined) return undefined;
    if (this.reason === undefined) return JSON.stringify({ Message: this.summary });
    return JSON.stringify({ Message: this.summary, ExceptionMessage: this.reason, ExceptionType: this.exceptionType, StackTrace: "" });
  }

  static notFound(): Refusal {
    return new Refusal(404);
  }

  /** The instance has ended. */
  static gone(): Refusal {
    return new Refusal(410);
  }

  static argument(reason: string, summary = "One or more of the arguments submitted is incorrect"): Refusal {
    return new Refusal(400, summary, reason, "System.ArgumentException");
  }

  static badJson(reason: string): Refusal {
    return new Refusal(400, "Invalid JSON content", reason, "Newtonsoft.Json.JsonReaderException");
  }

  static wrong(reason: string, exceptionType: string): Refusal {
    return new Refusal(500, "Something went wrong while processing your request", reason, exceptionType);
  }
}
