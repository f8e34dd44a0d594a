import { z } from "zod";
import { ProblemError } from "../domain/problems.ts";
import { timeOf } from "../domain/uuid7.ts";
import type { BlobRef, BlobStore } from "../ports/blob-store.ts";
import type { Clock } from "../ports/clock.ts";
import { SNAPSHOTS } from "./snapshot-store.ts";

/** How long an upload may take from its beginning to its commit. */
export const UPLOAD_LIFE_MS = 24 * 60 * 60 * 1000;

const PREFIX = "uploads/";
const RECORD = ".json";

/** An upload as it is kept, beside its bytes. `committed`: sha256 of what it became, so that a commit asked for again is known. */
export const UploadRecord = z.strictObject({ size: z.int().nonnegative(), committed: z.string().optional() });
export type UploadRecord = z.infer<typeof UploadRecord>;

/** Where the bytes of an upload lie until they have their place. */
export const uploadRef = (id: string): BlobRef => ({ datastore: SNAPSHOTS, path: `${PREFIX}${id}.bytes` });
const recordRef = (id: string): BlobRef => ({ datastore: SNAPSHOTS, path: `${PREFIX}${id}${RECORD}` });

/** Uploads under way. Their ids sort by time, so the oldest come first in a listing. */
export class UploadRecords {
  readonly #blobs: BlobStore;
  readonly #clock: Clock;

  constructor({ blobs, clock }: { blobs: BlobStore; clock: Clock }) {
    this.#blobs = blobs;
    this.#clock = clock;
  }

  async write(id: string, record: UploadRecord): Promise<void> {
    await this.#blobs.write(recordRef(id), Buffer.from(JSON.stringify(record)));
  }

  /** @throws {ProblemError} not-found, also for one whose time is over. */
  async get(id: string): Promise<UploadRecord> {
    const bytes = this.#isOver(id) ? undefined : await this.#blobs.read(recordRef(id));
    if (bytes) return UploadRecord.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
    throw new ProblemError({
      kind: "not-found",
      what: "upload",
      id,
      remedy: "begin one with POST /api/uploads and commit it within a day",
    });
  }

  /** Ids of uploads whose time is over, oldest first. */
  async *expired(): AsyncGenerator<string> {
    let after: string | undefined;
    do {
      const page = await this.#blobs.list(SNAPSHOTS, { prefix: PREFIX, limit: 1000, ...(after !== undefined && { after }) });
      for (const { path } of page.blobs) {
        if (!path.endsWith(RECORD)) continue;
        const id = path.slice(PREFIX.length, -RECORD.length);
        if (!this.#isOver(id)) return;
        yield id;
      }
      after = page.next;
    } while (after !== undefined);
  }

  async delete(id: string): Promise<void> {
    await this.#blobs.delete(recordRef(id));
  }

  #isOver(id: string): boolean {
    return !(this.#clock.now() - timeOf(id) <= UPLOAD_LIFE_MS);
  }
}
