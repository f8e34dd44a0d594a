import type { TypedData } from "../contract.ts";

const LARGEST = 2n ** 63n - 1n;
const SMALLEST = -(2n ** 63n);

/** JSON text of what an activity returned, as it stands in the history; null for nothing [R activity-result-kinds, activity-result-odd]. */
export function activityResult(data: TypedData | undefined): string | null {
  if (data === undefined) return null;
  if (data.string !== undefined) return JSON.stringify(throughUtf8(data.string));
  if (data.json !== undefined) return data.json;
  if (data.int !== undefined) return wholeNumber(data.int);
  if (data.double !== undefined) return Number.isFinite(data.double) ? String(data.double) : JSON.stringify(String(data.double));
  if (data.bytes !== undefined) return JSON.stringify(Buffer.from(data.bytes).toString("base64"));
  if (data.collectionString) return JSON.stringify(data.collectionString.string);
  return null;
}

/** Whole numbers travel in 64 bits, and saturate. */
function wholeNumber(value: number | bigint): string {
  const whole = BigInt(value);
  return String(whole > LARGEST ? LARGEST : whole < SMALLEST ? SMALLEST : whole);
}

/** Half a surrogate pair is three bytes to protobuf and three replacement characters to .NET [R activity-unicode]. */
function throughUtf8(text: string): string {
  if (text.isWellFormed()) return text;
  return text.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, "\uFFFD\uFFFD\uFFFD");
}
