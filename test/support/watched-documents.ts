import type { Documents, ListOptions } from "../../shared/ports/documents.ts";

export interface DocumentCall {
  readonly operation: "create" | "read" | "replace" | "list" | "durable";
  readonly pk: string;
  readonly sk: string;
  /** Whether the call changed something; false for reads, too. */
  wrote: boolean;
  /** Number of the activity that made the call; undefined: it came from outside. */
  readonly by: number | undefined;
}

/** Documents that write down every call, and let a test come between. */
export class WatchedDocuments implements Documents {
  readonly calls: DocumentCall[] = [];
  /** Runs before and after each call; what it throws is what the caller meets. */
  before: (call: DocumentCall) => Promise<void> | void = () => {};
  after: (call: DocumentCall) => Promise<void> | void = () => {};
  readonly #inner: Documents;
  readonly #onCall: () => number | undefined;

  /** @param onCall says which activity calls; it may throw. */
  constructor(inner: Documents, onCall: () => number | undefined) {
    this.#inner = inner;
    this.#onCall = onCall;
  }

  /** Documents that were created or replaced, by a pattern of `pk/sk`. */
  writesOf(pattern: RegExp): DocumentCall[] {
    return this.calls.filter((call) => call.wrote && pattern.test(`${call.pk}/${call.sk}`));
  }

  create<T>(pk: string, sk: string, value: T) {
    return this.#call("create", pk, sk, () => this.#inner.create(pk, sk, value));
  }
  read(pk: string, sk: string) {
    return this.#call("read", pk, sk, () => this.#inner.read(pk, sk));
  }
  replace<T>(pk: string, sk: string, value: T, etag: string) {
    return this.#call("replace", pk, sk, () => this.#inner.replace(pk, sk, value, etag));
  }
  list(pk: string, options: ListOptions) {
    return this.#call("list", pk, options.prefix ?? "", () => this.#inner.list(pk, options));
  }
  durable() {
    return this.#call("durable", "", "", () => this.#inner.durable());
  }
  close() {
    return this.#inner.close();
  }

  async #call<T>(operation: DocumentCall["operation"], pk: string, sk: string, run: () => Promise<T>): Promise<T> {
    const call: DocumentCall = { operation, pk, sk, wrote: false, by: this.#onCall() };
    this.calls.push(call);
    await this.before(call);
    const result = await run();
    call.wrote = (operation === "create" || operation === "replace") && result !== undefined;
    await this.after(call);
    return result;
  }
}
