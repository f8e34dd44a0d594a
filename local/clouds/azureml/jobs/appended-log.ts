import { type BlobAccount, sizeOf } from "./blob-account.ts";

/**
 * An append blob takes 50,000 appends. With a gap of a second for each 500 that were made, a log that never pauses
 * has made 42,000 after Azure ML's longest job, three weeks.
 */
const APPENDS_PER_SECOND_OF_GAP = 500;

/** A growing log of this machine and the blob that follows it. */
export class AppendedLog {
  readonly #account: BlobAccount;
  readonly #container: string;
  readonly #name: string;
  readonly #file: string;
  #seen = 0;
  #blob: { bytes: number; appends: number } | undefined;
  #notBefore = 0;
  #working: Promise<void> = Promise.resolve();

  constructor(account: BlobAccount, container: string, { name, file }: { name: string; file: string }) {
    this.#account = account;
    this.#container = container;
    this.#name = name;
    this.#file = file;
  }

  /** Appends what has come since, unless the last time is too short ago. */
  sync(): Promise<void> {
    if (performance.now() < this.#notBefore) return this.#working;
    return this.#after(() => this.#append());
  }

  /** Makes the blob what the file is now. A file that is shorter than it was has lost its middle, so the blob begins anew. */
  finish(): Promise<void> {
    return this.#after(async () => {
      const size = await sizeOf(this.#file);
      if (size < Math.max(this.#seen, (await this.#ofBlob()).bytes)) {
        await this.#account.delete(this.#container, this.#name);
        await this.#account.uploadFile(this.#container, this.#name, this.#file);
        this.#seen = size;
        this.#blob = { bytes: size, appends: 0 };
      } else await this.#append();
    });
  }

  async #append(): Promise<void> {
    const blob = await this.#ofBlob();
    this.#seen = await sizeOf(this.#file);
    if (this.#seen <= blob.bytes) return;
    try {
      const range = { file: this.#file, start: blob.bytes, end: this.#seen };
      const appends = blob.appends + (await this.#account.append(this.#container, this.#name, range));
      this.#blob = { bytes: this.#seen, appends };
      this.#notBefore = performance.now() + Math.floor(appends / APPENDS_PER_SECOND_OF_GAP) * 1000;
    } catch (error) {
      this.#blob = undefined; // asked anew the next time
      throw error;
    }
  }

  /** What an earlier process appended counts as well. */
  async #ofBlob(): Promise<{ bytes: number; appends: number }> {
    this.#blob ??= await this.#account.appended(this.#container, this.#name);
    return this.#blob;
  }

  /** One after the other. */
  #after(act: () => Promise<void>): Promise<void> {
    this.#working = this.#working.catch(() => undefined).then(act);
    return this.#working;
  }
}
