import { createHash } from "node:crypto";

/** A GUID that is always the same for one name: version 8, RFC 9562 §5.8. */
export function guidOf(name: string): string {
  const digits = createHash("sha256").update(name).digest("hex");
  const variant = ((Number.parseInt(digits.slice(16, 17), 16) & 3) | 8).toString(16);
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `8${digits.slice(13, 16)}`,
    `${variant}${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ].join("-");
}
