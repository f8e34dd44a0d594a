import { randomUUID } from "node:crypto";

export interface ArmErrorOptions {
  inner?: string;
  /** The field or parameter at fault. */
  target?: string;
  headers?: Record<string, string>;
}

/** An answer in ARM's error envelope. `inner` is the specific code that Azure ML hides in `additionalInfo`. */
export class ArmError extends Error {
  readonly status: number;
  readonly code: string;
  readonly options: ArmErrorOptions;

  constructor(status: number, code: string, message: string, options: ArmErrorOptions = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.options = options;
  }

  toBody(location: string, now: Date): unknown {
    const { inner, target } = this.options;
    const additionalInfo = [
      info("ComponentName", "managementfrontend"),
      info("Correlation", { operation: randomUUID().replaceAll("-", ""), request: randomUUID().slice(0, 16) }),
      info("Environment", location),
      info("Location", location),
      info("Time", now.toISOString()),
      ...(inner ? [info("InnerError", { code: inner, innerError: null })] : []),
    ];
    return { error: { code: this.code, message: this.message, ...(target ? { target } : {}), details: [], additionalInfo } };
  }
}

/** What Azure ML itself (not ARM's front door) says about a request that cannot be carried out as it is. */
export function userError(status: number, inner: string, message: string, target?: string): ArmError {
  return new ArmError(status, "UserError", message, target === undefined ? { inner } : { inner, target });
}

function info(type: string, value: unknown): unknown {
  return { type, info: { value } };
}
