/** Milliseconds since the epoch at which a UUIDv7 was made (RFC 9562 §5.7: its first 48 bits). */
export function timeOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** The smallest UUIDv7 of a millisecond: where to begin reading ids made from then on. */
export function floorOf(time: number): string {
  const stamp = Math.max(0, time).toString(16).padStart(12, "0");
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}-7000-8000-000000000000`;
}
