import { randomUUID } from "node:crypto";

/** A refusal in the shape of Entra's token endpoint: RFC 6749 §5.2 with its own members. `number` is its AADSTS code. */
export class OAuthError extends Error {
  readonly status: number;
  readonly error: string;
  readonly number: number;

  constructor(status: number, error: string, number: number, message: string) {
    super(message);
    this.status = status;
    this.error = error;
    this.number = number;
  }

  toBody(now: Date): unknown {
    return {
      error: this.error,
      error_description: `AADSTS${this.number}: ${this.message}`,
      error_codes: [this.number],
      timestamp: now
        .toISOString()
        .replace("T", " ")
        .replace(/\.\d+Z$/, "Z"),
      trace_id: randomUUID(),
      correlation_id: randomUUID(),
    };
  }
}
