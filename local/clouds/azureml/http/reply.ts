/** What an operation answers; sent by {@link sendReply}. */
export interface Reply {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
  /** Called once the answer is on its way. */
  afterwards?: () => void;
}

export function ok(body: unknown, status = 200): Reply {
  return { status, body };
}
