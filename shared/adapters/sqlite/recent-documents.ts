import type { Stored } from "../../ports/documents.ts";

const MOST = 500;
/** Characters of JSON; what is larger is read anew each time. */
const LARGEST = 16 * 1024;

/** The documents that were read from the file last, by partition and key; a document is the same object as long as it is kept. */
export class RecentDocuments {
  readonly #kept = new Map<string, Stored<unknown>>();

  get(pk: string, sk: string): Stored<unknown> | undefined {
    return this.#kept.get(nameOf(pk, sk));
  }

  keep(pk: string, sk: string, stored: Stored<unknown>, characters: number): void {
    if (characters > LARGEST) return;
    this.#kept.set(nameOf(pk, sk), stored);
    if (this.#kept.size <= MOST) return;
    for (const oldest of this.#kept.keys()) {
      this.#kept.delete(oldest);
      return;
    }
  }

  forget(pk: string, sk: string): void {
    this.#kept.delete(nameOf(pk, sk));
  }

  forgetAll(): void {
    this.#kept.clear();
  }
}

/** No key has a slash (document-rules.ts). */
function nameOf(pk: string, sk: string): string {
  return `${pk}/${sk}`;
}
