/** Does something for each item, so many at once. The first error ends it. */
export async function inParallel<T>(items: readonly T[], limit: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: limit }, async () => {
      for (const item of rest) await work(item);
    }),
  );
}
