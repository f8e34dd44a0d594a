/** How long the event loop is kept at a time. */
const SLICE_MS = 5;

/** Lets long synchronous work breathe: `await breathe()` between two pieces of it gives way once the slice is used up. */
export function eventLoopSlices(): () => Promise<void> | undefined {
  let until = performance.now() + SLICE_MS;
  return () => {
    if (performance.now() < until) return undefined;
    return new Promise((resolve) => {
      setImmediate(() => {
        until = performance.now() + SLICE_MS;
        resolve();
      });
    });
  };
}
