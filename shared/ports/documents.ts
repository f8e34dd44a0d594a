/** A stored document with the tag that its next replacement must name. The tag is opaque. */
export interface Stored<T> {
  readonly value: T;
  readonly etag: string;
}

/** What a page of a listing starts from and holds. Keys sort by UTF-16 code unit, as both stores do for ASCII keys. */
export interface ListOptions {
  /** Exclusive lower bound of `sk` (upper bound when `descending`). */
  after?: string | undefined;
  /** Only keys that begin with this. */
  prefix?: string | undefined;
  descending?: boolean;
  /** 1 to 1,000. */
  limit: number;
  /** Equality on top-level fields of the document. */
  where?: Record<string, string | number | boolean>;
}

export interface Page<T> {
  readonly items: T[];
  /** Pass as `after` for the next page; absent on the last one. */
  readonly next?: string;
}

/**
 * Documents by partition key and sort key: the subset on which Cosmos DB and SQLite agree, and nothing else. Each adapter passes
 * test/contracts/documents.contract.ts. A promise resolves when the write is ordered and visible to this process;
 * {@link durable} when all so far is on disk.
 *
 * Keys: 1 to 255 characters, none of `/ \ ? #` and no control characters. Documents: JSON, 1 MB at the most.
 * @throws {StoreError} `busy` (try again), `too-large`, `invalid-key`, `unavailable`.
 */
export interface Documents {
  /** Creates, or answers undefined when a document is there already. */
  create<T>(pk: string, sk: string, value: T): Promise<Stored<T> | undefined>;
  read(pk: string, sk: string): Promise<Stored<unknown> | undefined>;
  /** Replaces, or answers undefined when the document changed since `etag` or is gone. */
  replace<T>(pk: string, sk: string, value: T, etag: string): Promise<Stored<T> | undefined>;
  /** In order of `sk`, every key once. The value of a document that is damaged is undefined, whatever `where` asks for. */
  list(pk: string, options: ListOptions): Promise<Page<{ sk: string; value: unknown; etag: string }>>;
  /** Resolves when every write that resolved before this call is on disk (Cosmos: at once). */
  durable(): Promise<void>;
  close(): Promise<void>;
}

/** Why a store on a disk cannot be reached, as far as the one who runs the workspace can mend it. */
export type StoreTrouble = "disk-full" | "not-writable" | "disk-failing" | "host-cannot-write";

/** A store could not do what was asked. `retryable` says whether trying again can help. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  /** `incompatible`: written by a newer release. */
  readonly kind: "busy" | "too-large" | "invalid-key" | "unavailable" | "corrupt" | "incompatible";
  readonly retryable: boolean;
  /** What a caller may be told of it; the message may name places of the server's machine. */
  readonly trouble: StoreTrouble | undefined;

  constructor(kind: StoreError["kind"], message: string, options: { cause?: unknown; trouble?: StoreTrouble } = {}) {
    super(message, options);
    this.trouble = options.trouble;
    this.kind = kind;
    this.retryable = kind === "busy" || kind === "unavailable";
  }
}
