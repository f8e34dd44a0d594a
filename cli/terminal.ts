import picocolors from "picocolors";

/** Where text goes: a standard stream, or whatever has a `write`. */
export interface TextStream {
  write(text: string | Uint8Array): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  on?(event: "resize", listener: () => void): unknown;
  off?(event: "resize", listener: () => void): unknown;
}

export type Environment = Readonly<Record<string, string | undefined>>;
export type Colors = ReturnType<typeof picocolors.createColors>;

/** A stream with what is known about the other end of it. */
export interface Terminal {
  readonly stream: TextStream;
  /** A person looks at it: columns are lined up. */
  readonly isTTY: boolean;
  /** What was written may be drawn over; not so in a log of a CI job. */
  readonly isLive: boolean;
  readonly colors: Colors;
  /** Writes one line. */
  line(text?: string): void;
}

/** Respects NO_COLOR (no-color.org), FORCE_COLOR, TERM=dumb and CI. */
export function terminalOf(stream: TextStream, environment: Environment): Terminal {
  const isTTY = stream.isTTY === true;
  const isDumb = environment["TERM"] === "dumb";
  const isForced = Boolean(environment["FORCE_COLOR"]) && environment["FORCE_COLOR"] !== "0";
  const hasColor = !environment["NO_COLOR"] && environment["FORCE_COLOR"] !== "0" && (isForced || (isTTY && !isDumb));
  return {
    stream,
    isTTY,
    isLive: isTTY && !isDumb && !environment["CI"],
    colors: picocolors.createColors(hasColor),
    line: (text = "") => void stream.write(`${text}\n`),
  };
}
