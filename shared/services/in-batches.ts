/** Calls for each item, at most `width` at once; the first error is thrown once all calls under way have ended. */
export async function inBatches<T>(items: readonly T[], width: number, call: (item: T) => Promise<unknown>): Promise<void> {
  let at = 0;
  const workers = Array.from({ length: Math.min(width, items.length) }, async () => {
    while (at < items.length) await call(items[at++] as T);
  });
  const results = await Promise.allSettled(workers);
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}
