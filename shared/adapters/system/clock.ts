import { randomBytes } from "node:crypto";
import type { Clock } from "../../ports/clock.ts";

/** The machine's clock. Ids are UUIDv7 with a 12-bit counter below the millisecond (RFC 9562 §6.2, method 1), so they sort as made. */
export const systemClock: Clock = { now: Date.now, newId: createIds(Date.now) };

/** A maker of UUIDv7 that never goes back, even when the clock does. `random` gives so many bytes. */
export function createIds(now: () => number, random: (count: number) => Uint8Array = randomBytes): () => string {
  let last = 0;
  let counter = 0;
  return () => {
    const time = now();
    if (time > last) {
      last = time;
      counter = 0;
    } else if (++counter > 0xfff) {
      last++;
      counter = 0;
    }
    const bytes = Buffer.from(random(8));
    bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x80;
    const stamp = last.toString(16).padStart(12, "0");
    const tail = bytes.toString("hex");
    return `${stamp.slice(0, 8)}-${stamp.slice(8)}-7${counter.toString(16).padStart(3, "0")}-${tail.slice(0, 4)}-${tail.slice(4)}`;
  };
}
