import { checkKey, encodeDocument } from "../../shared/ports/document-rules.ts";
import type { ListOptions, Page, Stored } from "../../shared/ports/documents.ts";
import { Journal } from "./journal.ts";

interface Kept {
  readonly body: string;
  readonly etag: string;
}

/** The store's file, in memory: it outlives hosts, and a crash may take the newest of what was not synced, write by write. */
export class StoredDocuments {
  readonly journal = new Journal();
  /** Told of each write, with what was there before. */
  onWrite: (pk: string, sk: string, before: string | undefined, after: string) => void = () => {};
  readonly #partitions = new Map<string, Map<string, Kept>>();
  #etags = 0;

  create<T>(pk: string, sk: string, value: T): Stored<T> | undefined {
    check(pk, sk);
    return this.#at(pk, sk) ? undefined : this.#put(pk, sk, value);
  }

  read(pk: string, sk: string): Stored<unknown> | undefined {
    check(pk, sk);
    const kept = this.#at(pk, sk);
    return kept && { value: JSON.parse(kept.body), etag: kept.etag };
  }

  replace<T>(pk: string, sk: string, value: T, etag: string): Stored<T> | undefined {
    check(pk, sk);
    return this.#at(pk, sk)?.etag === etag ? this.#put(pk, sk, value) : undefined;
  }

  list(pk: string, { after, prefix = "", descending, limit, where }: ListOptions): Page<{ sk: string; value: unknown; etag: string }> {
    const keys = [...(this.#partitions.get(pk)?.keys() ?? [])].filter((sk) => sk.startsWith(prefix)).sort();
    if (descending) keys.reverse();
    const items: { sk: string; value: unknown; etag: string }[] = [];
    for (const sk of keys) {
      if (after !== undefined && (descending ? sk >= after : sk <= after)) continue;
      const stored = this.read(pk, sk);
      if (!stored || !fits(stored.value, where)) continue;
      if (items.length === limit) return { items, next: items.at(-1)?.sk ?? sk };
      items.push({ sk, ...stored });
    }
    return { items };
  }

  #at(pk: string, sk: string): Kept | undefined {
    return this.#partitions.get(pk)?.get(sk);
  }

  #put<T>(pk: string, sk: string, value: T): Stored<T> {
    const partition = this.#partitions.get(pk) ?? new Map<string, Kept>();
    this.#partitions.set(pk, partition);
    const before = partition.get(sk);
    const after = { body: encodeDocument(value), etag: `e${++this.#etags}` };
    this.journal.begin();
    this.journal.write(() => (before === undefined ? partition.delete(sk) : partition.set(sk, before)));
    partition.set(sk, after);
    this.journal.commit();
    this.onWrite(pk, sk, before?.body, after.body);
    return { value, etag: after.etag };
  }
}

function check(pk: string, sk: string): void {
  checkKey("pk", pk);
  checkKey("sk", sk);
}

function fits(value: unknown, where: ListOptions["where"] = {}): boolean {
  return Object.entries(where).every(([name, wanted]) => (value as Record<string, unknown>)[name] === wanted);
}
