import type { Commits } from "./commits.ts";
import type { Message } from "./loaded-instance.ts";
import type { DurableStorage } from "./storage.ts";

/**
 * Messages under way. One that is consumed in the turn in which it came is never written: it is only stored when a commit
 * finds it still there.
 */
export class Messages {
  private readonly unstored = new Set<Message>();

  constructor(
    private readonly storage: DurableStorage,
    private readonly commits: Commits,
  ) {}

  /** A message that the state has to keep until it is {@link consumed}. */
  accept(message: Message): void {
    this.commits.write();
    if (message.stored === undefined) this.unstored.add(message);
  }

  /** Its effects are written in the same transaction. */
  consumed(message: Message): void {
    this.unstored.delete(message);
    if (message.stored === undefined) return;
    this.commits.write();
    this.storage.deleteMessage(message.stored);
  }

  /** Writes those still under way; called before each commit. */
  store(): void {
    if (this.unstored.size === 0) return;
    this.commits.write();
    for (const message of this.unstored) message.stored = this.storage.addMessage(message);
    this.unstored.clear();
  }
}
