import { randomUUID } from "node:crypto";
import { isTerminal } from "../contract.ts";
import type { EventSink, WorkspaceCoordinates } from "../options.ts";
import type { JobRecord, JobRecords } from "../store/job-records.ts";
import { JsonPoster } from "./post-json.ts";
import type { EventGridEvent } from "./run-status-event.ts";
import { runStatusChanged, workspaceId } from "./run-status-event.ts";

const FIRST_GAP_MILLISECONDS = 100;
const LONGEST_GAP_MILLISECONDS = 60_000;
const BATCH = 64;

interface Settings {
  sink: EventSink | undefined;
  workspace: WorkspaceCoordinates;
  /** A status that is not the last is held back this long, and dropped when another follows: short jobs cost one event. */
  holdMilliseconds: number;
  log: (message: string) => void;
}

/**
 * Tells the subscriber how jobs change, as Event Grid does: after a handshake, at least once, in no set order, again
 * with growing gaps until it is acknowledged. What is still to tell is in the jobs' records, so a crash loses none.
 */
export class RunStatusNotifier {
  readonly #records: JobRecords;
  readonly #settings: Settings;
  readonly #poster = new JsonPoster();
  /** When each job's event is due, on the monotonic clock. */
  readonly #due = new Map<JobRecord, number>();
  readonly #failures = new Map<JobRecord, number>();
  readonly #underWay = new Set<JobRecord>();
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #ready = false;
  #stopped = false;

  constructor(records: JobRecords, settings: Settings) {
    this.#records = records;
    this.#settings = settings;
  }

  /** Shakes hands, then sends what was still to be told. */
  start(): void {
    for (const job of this.#records.open()) this.changed(job);
    void this.#shakeHands();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#poster.close();
  }

  /** To be called after each change of a job's status. */
  changed(job: JobRecord): void {
    if (job.state.notified >= job.state.changes) return;
    if (!this.#settings.sink) {
      this.#acknowledged(job, job.state.changes);
      return;
    }
    const hold = isTerminal(job.state.status) ? 0 : this.#settings.holdMilliseconds;
    const at = performance.now() + hold;
    this.#due.set(job, at);
    this.#wakeAt(at);
  }

  async #shakeHands(): Promise<void> {
    const { sink, log } = this.#settings;
    for (let gap = FIRST_GAP_MILLISECONDS; !this.#stopped && sink && typeof sink !== "function"; gap = longer(gap)) {
      const problem = await this.#handshake(sink).catch((error: Error) => error.message);
      if (problem === undefined) break;
      if (gap > 1_000) log(`The subscriber of run events at ${sink.url} does not answer the handshake: ${problem}. Trying again.`);
      await new Promise((resolve) => setTimeout(resolve, gap).unref());
    }
    this.#ready = true;
    this.#wake();
  }

  /** @returns What is wrong, or undefined. */
  async #handshake(sink: { url: string; headers?: Record<string, string> }): Promise<string | undefined> {
    const validationCode = randomUUID().toUpperCase();
    const event = {
      id: randomUUID(),
      topic: workspaceId(this.#settings.workspace),
      subject: "",
      eventType: "Microsoft.EventGrid.SubscriptionValidationEvent",
      eventTime: new Date().toISOString(),
      data: { validationCode },
      dataVersion: "2",
      metadataVersion: "1",
    };
    const headers = { ...sink.headers, "aeg-event-type": "SubscriptionValidation" };
    const { status, text } = await this.#poster.post(sink.url, headers, [event]);
    if (status === 200 && text.includes(validationCode)) return undefined;
    return `it answered ${status} without the validation code`;
  }

  #wake(): void {
    let next = Number.POSITIVE_INFINITY;
    for (const [job, at] of this.#due) if (!this.#underWay.has(job)) next = Math.min(next, at);
    this.#wakeAt(next);
  }

  #wakeAt(at: number): void {
    if (!this.#ready || this.#stopped || at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    const wait = at - performance.now();
    if (wait <= 0) queueMicrotask(() => this.#sendDue());
    else this.#timer = setTimeout(() => this.#sendDue(), wait).unref();
  }

  #sendDue(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = performance.now();
    const due = [...this.#due].filter(([job, at]) => at <= now && !this.#underWay.has(job)).map(([job]) => job);
    for (let start = 0; start < due.length; start += BATCH) void this.#send(due.slice(start, start + BATCH));
    this.#wake();
  }

  async #send(jobs: JobRecord[]): Promise<void> {
    const sent = jobs.map((job) => ({ job, changes: job.state.changes }));
    for (const job of jobs) {
      this.#due.delete(job);
      this.#underWay.add(job);
    }
    const problem = await this.#deliver(jobs.map((job) => runStatusChanged(job, this.#settings.workspace))).then(
      () => undefined,
      (error: Error) => error,
    );
    if (this.#stopped) return;
    for (const { job, changes } of sent) {
      this.#underWay.delete(job);
      if (problem) this.#postpone(job, problem);
      else this.#acknowledged(job, changes);
    }
    this.#wake();
  }

  async #deliver(events: EventGridEvent[]): Promise<void> {
    const { sink } = this.#settings;
    if (typeof sink === "function") return sink(events);
    if (!sink) return;
    const { status } = await this.#poster.post(sink.url, { ...sink.headers, "aeg-event-type": "Notification" }, events);
    if (status < 200 || status > 204) throw new Error(`it answered ${status}`);
  }

  #acknowledged(job: JobRecord, changes: number): void {
    this.#failures.delete(job);
    job.state.notified = Math.max(job.state.notified, changes);
    this.#records.saveLazily(job);
  }

  #postpone(job: JobRecord, problem: Error): void {
    const failures = (this.#failures.get(job) ?? 0) + 1;
    this.#failures.set(job, failures);
    const gap = Math.min(FIRST_GAP_MILLISECONDS * 2 ** (failures - 1), LONGEST_GAP_MILLISECONDS);
    if (failures === 5)
      this.#settings.log(`The subscriber of run events does not take the event of job ${job.name}: ${problem.message}. Trying again.`);
    this.#due.set(job, performance.now() + gap);
  }
}

function longer(gap: number): number {
  return Math.min(gap * 2, LONGEST_GAP_MILLISECONDS);
}
