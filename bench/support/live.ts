const live = new Set<() => Promise<void>>();

/** Remembers how to end what was started, in case that somebody interrupts. @returns what forgets it again. */
export function whileLive(end: () => Promise<void>): () => void {
  live.add(end);
  return () => live.delete(end);
}

/** Ends all that was started and still lives. What cannot be ended has ended. */
export async function endAll(): Promise<void> {
  await Promise.allSettled([...live].map((end) => end()));
}
