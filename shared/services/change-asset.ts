import type { Assets } from "../ports/pipeline-store.ts";

/**
 * Changes what is kept under an id, however many do so at once. `change` decides on what is there at the moment; the very object back means that
 * there is nothing to do.
 * @throws what `missing` makes, when there is none.
 */
export async function changeAsset<T extends { id: string }>(
  assets: Assets<T>,
  id: string,
  change: (asset: T) => T,
  missing: (id: string) => Error,
): Promise<T> {
  for (;;) {
    const stored = await assets.find(id);
    if (!stored) throw missing(id);
    const changed = change(stored.value);
    if (changed === stored.value || (await assets.replace(changed, stored.etag))) return changed;
  }
}

/** The asset with the members that a request gives. */
export function withGiven<T extends object>(before: T, given: { readonly [K in keyof T]?: T[K] | undefined }): T {
  return { ...before, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
}
