/** Time and ids, given rather than taken, so that a test decides them. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** A new UUIDv7 (RFC 9562 §5.7), later than every earlier one of this process. */
  newId(): string;
}
