import { z } from "zod";
import { floorOf, timeOf } from "../domain/uuid7.ts";
import type { Clock } from "../ports/clock.ts";
import type { Documents } from "../ports/documents.ts";

/** Where a file's bytes lie: a range of a pack. Sizes and offsets in bytes. */
export interface ContentPlace {
  readonly pack: string;
  readonly offset: number;
  readonly size: number;
}

/** A stretch of a pack as one document: hashes as bytes, one after the other, so that 12,000 files fit in half a megabyte. */
const Stretch = z.strictObject({ pack: z.string(), offset: z.int(), hashes: z.base64(), sizes: z.array(z.int()) });
type Stretch = z.infer<typeof Stretch>;

const PARTITION = "content";
const FILES_PER_DOCUMENT = 12_000;
const HASH_BYTES = 32;
/** How far back documents are read again: more than clocks of hosts differ. One that is missed all the same costs an upload, nothing else. */
const LOOKBACK_MS = 5 * 60_000;

/**
 * Which contents the workspace has, of all packs: a document or few for each pack, never one for each file. They are read once a process and
 * kept, about 200 bytes a file; later looks read only what is new.
 */
export class ContentIndex {
  readonly #documents: Documents;
  readonly #clock: Clock;
  readonly #places = new Map<string, ContentPlace>();
  readonly #packs = new Set<string>();
  readonly #known = new Set<string>();
  #last: string | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor({ documents, clock }: { documents: Documents; clock: Clock }) {
    this.#documents = documents;
    this.#clock = clock;
  }

  /** Places of those contents that are there. */
  async find(hashes: readonly string[]): Promise<ReadonlyMap<string, ContentPlace>> {
    if (!hashes.every((hash) => this.#places.has(hash))) await this.#readOn();
    const found = new Map<string, ContentPlace>();
    for (const hash of hashes) {
      const place = this.#places.get(hash);
      if (place) found.set(hash, place);
    }
    return found;
  }

  /** Makes the files of a pack known; to be called when its bytes are on disk and their hashes were checked. May be repeated. */
  async add(pack: string, files: readonly { sha256: string; size: number }[]): Promise<void> {
    for (const stretch of stretchesOf(pack, files)) {
      const key = this.#clock.newId();
      await this.#documents.create(PARTITION, key, stretch);
      this.#take(key, stretch);
    }
  }

  async hasPack(pack: string): Promise<boolean> {
    if (!this.#packs.has(pack)) await this.#readOn();
    return this.#packs.has(pack);
  }

  /** One after the other, and each begun after it was asked for, so that it sees what was written before. */
  #readOn(): Promise<void> {
    this.#reading = this.#reading.catch(() => undefined).then(() => this.#readNew());
    return this.#reading;
  }

  async #readNew(): Promise<void> {
    let after = this.#last && floorOf(timeOf(this.#last) - LOOKBACK_MS);
    do {
      const page = await this.#documents.list(PARTITION, { after, limit: 100 });
      for (const { sk, value } of page.items) if (!this.#known.has(sk)) this.#take(sk, Stretch.parse(value));
      after = page.next;
    } while (after !== undefined);
  }

  #take(key: string, { pack, offset, hashes, sizes }: Stretch): void {
    const bytes = Buffer.from(hashes, "base64");
    let at = offset;
    for (const [i, size] of sizes.entries()) {
      const hash = bytes.toString("hex", i * HASH_BYTES, (i + 1) * HASH_BYTES);
      if (!this.#places.has(hash)) this.#places.set(hash, { pack, offset: at, size });
      at += size;
    }
    this.#packs.add(pack);
    this.#known.add(key);
    if (this.#last === undefined || key > this.#last) this.#last = key;
  }
}

function stretchesOf(pack: string, files: readonly { sha256: string; size: number }[]): Stretch[] {
  const stretches: Stretch[] = [];
  let offset = 0;
  for (let i = 0; i < files.length; i += FILES_PER_DOCUMENT) {
    const some = files.slice(i, i + FILES_PER_DOCUMENT);
    const hashes = Buffer.from(some.map((file) => file.sha256).join(""), "hex").toString("base64");
    stretches.push({ pack, offset, hashes, sizes: some.map((file) => file.size) });
    offset += some.reduce((sum, file) => sum + file.size, 0);
  }
  return stretches;
}
