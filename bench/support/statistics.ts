/** The middle value; of an even number the mean of the two in the middle. @throws {Error} when there are none. */
export function median(values: readonly number[]): number {
  return (percentile(values, 0.5, Math.floor) + percentile(values, 0.5, Math.ceil)) / 2;
}

/** @throws {Error} when there are none. */
export function minimum(values: readonly number[]): number {
  return percentile(values, 0);
}

/** The value that the given share of all do not exceed. @throws {Error} when there are none. */
export function percentile(values: readonly number[], share: number, round: (place: number) => number = Math.ceil): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[round(share * (sorted.length - 1))];
  if (value === undefined) throw new Error("there is no value of no measurements");
  return value;
}

/** The exponent by which `large` grew over `small`, their sizes being so many times apart: 1 is in proportion, 2 is quadratic. */
export function logLogSlope(small: number, large: number, times: number): number {
  return Math.log(large / small) / Math.log(times);
}
