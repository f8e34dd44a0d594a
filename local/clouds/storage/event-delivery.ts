import { randomUUID } from "node:crypto";
import { blobCreated, type Container, type EventGridEvent, subscriptionValidation } from "./event-grid.ts";
import type { Delivery, StorageRecords } from "./storage-records.ts";

/** As Event Grid has it: so often is an event tried, and so long may an answer take. */
const TRIES = 30;
const ANSWER_MS = 30_000;
const BATCH = 32;
const SENDERS = 4;
/** An event under way is not taken up again before its answer must have come. */
const LEASE_MS = 2 * ANSWER_MS;
const FIRST_GAP_MS = 250;
const LONGEST_GAP_MS = 600_000;

export interface EventDeliverySettings {
  readonly container: Container;
  /** The webhook; never logged, since it may hold a key. */
  readonly url: string;
  /** What goes along with each event, e.g. a key. */
  readonly headers: Readonly<Record<string, string>>;
  readonly log: (message: string) => void;
  readonly now: () => number;
}

/**
 * Posts events to the app's webhook as Event Grid does: after a handshake, at least once, in no order, again with growing gaps until
 * acknowledged; 400 and 413 are final. An event that failed once goes alone from then on, so that it does not hold up others.
 */
export class EventDelivery {
  private readonly records: StorageRecords;
  private readonly settings: EventDeliverySettings;
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private ready = false;
  private senders = 0;

  constructor(records: StorageRecords, settings: EventDeliverySettings) {
    this.records = records;
    this.settings = settings;
  }

  /** Shakes hands, then delivers whatever is due. */
  start(): void {
    void this.shakeHands(FIRST_GAP_MS);
  }

  /** To be called when events were noted. */
  wake(): void {
    if (!this.ready) return;
    clearTimeout(this.timer);
    while (this.senders < SENDERS) {
      const now = this.settings.now();
      const taken = this.records.take(now, BATCH, now + LEASE_MS);
      if (taken.length === 0) break;
      this.senders++;
      void this.sendAll(taken);
    }
    if (this.senders < SENDERS) this.wakeLater();
  }

  stop(): void {
    this.ready = false;
    this.stopping.abort();
    clearTimeout(this.timer);
  }

  private wakeLater(): void {
    const due = this.records.nextDue();
    if (due !== undefined) this.timer = setTimeout(() => this.wake(), Math.max(due - this.settings.now(), 1)).unref();
  }

  private async shakeHands(gap: number): Promise<void> {
    const code = randomUUID().toUpperCase();
    const answer = await this.post("SubscriptionValidation", [subscriptionValidation(this.settings.container, code)]);
    if (this.stopping.signal.aborted) return;
    if (answer.status === 200 && answer.text.includes(code)) {
      this.ready = true;
      this.wake();
      return;
    }
    if (gap > 2_000)
      this.settings.log(`The app does not answer the handshake for events of the datastore: ${answer.problem}. Trying again.`);
    this.timer = setTimeout(() => void this.shakeHands(longer(gap)), gap).unref();
  }

  private async sendAll(taken: readonly Delivery[]): Promise<void> {
    const fresh = taken.filter(({ attempts }) => attempts === 0);
    const batches = [...(fresh.length > 0 ? [fresh] : []), ...taken.filter(({ attempts }) => attempts > 0).map((one) => [one])];
    await Promise.all(batches.map((batch) => this.send(batch)));
    this.senders--;
    this.wake();
  }

  private async send(batch: readonly Delivery[]): Promise<void> {
    const events = batch.map((delivery) => blobCreated(delivery, this.settings.container));
    const { status, problem } = await this.post("Notification", events);
    if (this.stopping.signal.aborted) return; // what was acknowledged is sent again: at least once
    if (status >= 200 && status <= 204) this.records.acknowledge(batch);
    else for (const delivery of batch) this.tryAgain(delivery, problem, isFinal(status) && batch.length === 1);
  }

  private tryAgain(delivery: Delivery, problem: string, final: boolean): void {
    const tries = delivery.attempts + 1;
    if (!final && tries < TRIES) {
      this.records.postpone(delivery, this.settings.now() + gapAfter(tries));
      return;
    }
    this.records.acknowledge([delivery]);
    this.settings.log(`The app did not take the event of blob ${delivery.path}: ${problem}. It is dropped after ${tries} tries.`);
  }

  /** Status 0: there was no answer. */
  private async post(type: string, events: readonly EventGridEvent[]): Promise<{ status: number; text: string; problem: string }> {
    try {
      const response = await fetch(this.settings.url, {
        method: "POST",
        headers: { ...this.settings.headers, "content-type": "application/json; charset=utf-8", "aeg-event-type": type },
        body: JSON.stringify(events),
        redirect: "error",
        signal: AbortSignal.any([this.stopping.signal, AbortSignal.timeout(ANSWER_MS)]),
      });
      return { status: response.status, text: (await response.text()).slice(0, 10_000), problem: `it answered ${response.status}` };
    } catch (error) {
      const { name, cause } = error as Error & { cause?: NodeJS.ErrnoException };
      return { status: 0, text: "", problem: `it could not be reached (${cause?.code ?? name})` };
    }
  }
}

/** Event Grid does not try again what can never be taken. */
function isFinal(status: number): boolean {
  return status === 400 || status === 413;
}

function gapAfter(tries: number): number {
  return Math.min(FIRST_GAP_MS * 2 ** (tries - 1), LONGEST_GAP_MS);
}

function longer(gap: number): number {
  return Math.min(gap * 2, 60_000);
}
