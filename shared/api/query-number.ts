import { z } from "zod";

const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;

/**
 * A number as a URL carries it, in decimal digits. Plain coercion would take an empty text for 0, and hexadecimal digits and blanks for numbers: what
 * a client did not mean.
 */
export function queryNumber<S extends z.ZodNumber>(schema: S) {
  return z.preprocess((value) => (typeof value === "string" && NUMBER.test(value) ? Number(value) : value), schema);
}
