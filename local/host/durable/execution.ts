import { type Action, type OrchestratorState, type Reply, readReply } from "./actions.ts";
import type { NewWork, ReplayFacts, ReplayWorld } from "./replay-world.ts";
import { type Outcome, SecondReplay } from "./second-replay.ts";
import type { HistoryRow } from "./storage.ts";
import { type HistoryEvent, leftByLastEpisode, playedText } from "./wire.ts";

/** What the orchestrator function answered: the text of its state, or why there is none. */
export type Answer = { state: string } | { failure: string };

export interface Decision {
  outcome: Outcome;
  /** In the order of numbers. */
  work: NewWork[];
  customStatus: unknown;
  /** Nothing can move this execution on any more. */
  stuck: boolean;
}

/** JSON texts longer than this, as UTF-16, are refused as custom status. */
const CUSTOM_STATUS_LIMIT_BYTES = 16 * 1024;

/**
 * One execution of an instance while it is in memory: its history as text, ready to be sent, and the second replay as far
 * as it has come. Both are rebuilt from the stored history when the instance is loaded again.
 */
export class Execution {
  /** Events played in earlier episodes, joined by commas. */
  private played = "";
  /** Events that the last episode left behind: still "not played" when the next one sees them. */
  private left: string[] = [];
  private readonly digests: (string | null)[] = [];
  /** When the newest turn began, in milliseconds since the epoch: time does not run backwards for an orchestrator. */
  newestTurn = 0;
  private replay: SecondReplay | undefined;
  private unfed: HistoryEvent[] = [];
  private actionsText: string | undefined;
  private stateText = "";

  constructor(
    readonly facts: ReplayFacts,
    private readonly world: ReplayWorld,
  ) {}

  /** How many events the history has. */
  get length(): number {
    return this.digests.length;
  }

  /** How many tasks the history still waits for, as far as is known. */
  get openTasks(): number {
    return this.replay?.open.size ?? 0;
  }

  /** Takes the stored history. */
  load(rows: readonly HistoryRow[]): void {
    const texts = rows.map((row) => row.text);
    const settled = texts.length - leftByLastEpisode(texts);
    this.played = texts.slice(0, settled).map(playedText).join(",");
    this.left = texts.slice(settled);
    const turn = texts.findLast((text) => text.startsWith('{"EventType":12,'));
    if (turn !== undefined) this.newestTurn = Date.parse((JSON.parse(turn) as HistoryEvent).Timestamp);
    for (const row of rows) this.digests.push(row.digest);
  }

  /** The `history` member of what the orchestrator function is given, `news` being this episode's events. */
  historyText(news: readonly string[]): string {
    return [...(this.played === "" ? [] : [this.played]), ...this.left, ...news].join(",");
  }

  /** Works out what an answer means, given this episode's new events. */
  decide(news: readonly HistoryEvent[], answer: Answer): Decision {
    const read = this.read(answer);
    const customStatus = "reply" in read ? read.reply.state.customStatus : undefined;
    const replay = this.continued(read);
    const decision = replay
      ? this.run(replay, [...this.unfed, ...news], read)
      : this.run(this.anew(), [...this.past(), ...news], "reply" in read ? { reply: this.whole(read.reply, answer) } : read);
    return { ...decision, customStatus };
  }

  /** The same from the first event on; for checking. */
  decideFromZero(news: readonly HistoryEvent[], answer: Answer): Decision {
    const before = { replay: this.replay, unfed: this.unfed, actionsText: this.actionsText, stateText: this.stateText };
    this.actionsText = undefined;
    this.replay = undefined;
    const decision = this.decide(news, answer);
    Object.assign(this, before);
    return decision;
  }

  /** Adds what an episode made: its own events, then what it left behind (`added`). */
  append(news: readonly string[], added: readonly { event: HistoryEvent; text: string; digest: string | null }[]): void {
    const settled = [...this.left, ...news].map(playedText);
    this.played = [...(this.played === "" ? [] : [this.played]), ...settled].join(",");
    this.left = added.map((one) => one.text);
    for (const _ of news) this.digests.push(null);
    for (const one of added) this.digests.push(one.digest);
    this.unfed = added.map(({ event, digest: d }) => (d === null ? event : { ...event, Digest: d }));
  }

  private read(answer: Answer): { reply: Reply } | { failure: string } {
    if ("failure" in answer) return answer;
    try {
      const reply = readReply(answer.state, this.actionsText);
      const size = 2 * (JSON.stringify(reply.state.customStatus ?? null) ?? "").length;
      if (size <= CUSTOM_STATUS_LIMIT_BYTES) return { reply };
      return {
        failure: `The UTF-16 size of the JSON-serialized payload must not exceed 16 KB. The current payload size is ${Math.floor(size / 1024)} KB.`,
      };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return { failure: `The data returned by the out-of-process function execution was not valid json: ${error.message}` };
    }
  }

  /** The kept replay, if going on with it equals a walk from the first event. */
  private continued(read: { reply: Reply } | { failure: string }): SecondReplay | undefined {
    if (!("reply" in read) || !this.replay || !read.reply.grown) return undefined;
    if (!this.replay.isExhausted) return this.replay;
    return read.reply.actions.length === 0 && stateText(read.reply.state) === this.stateText ? this.replay : undefined;
  }

  private anew(): SecondReplay {
    return new SecondReplay(this.facts, this.world);
  }

  /** All actions of a reply of which only the new ones were read. */
  private whole(reply: Reply, answer: Answer): Reply {
    return reply.grown && "state" in answer ? readReply(answer.state, undefined) : reply;
  }

  private past(): HistoryEvent[] {
    const events = JSON.parse(`[${this.historyText([])}]`) as HistoryEvent[];
    this.digests.forEach((d, i) => {
      const event = events[i];
      if (d !== null && event) event["Digest"] = d;
    });
    return events;
  }

  private run(replay: SecondReplay, events: HistoryEvent[], read: { reply: Reply } | { failure: string }): Omit<Decision, "customStatus"> {
    if ("reply" in read) this.grow(replay, read.reply.actions, read.reply.state, read.reply.actionsText);
    else {
      this.actionsText = undefined;
      replay.refuse(`Orchestrator function '${this.facts.name}' failed: ${read.failure}`, `Message: ${read.failure}, StackTrace: `);
    }
    const outcome = replay.feed(events);
    this.replay = replay;
    this.unfed = [];
    return { outcome, work: [...replay.pending.values()], stuck: outcome.kind === "waiting" && replay.isStuck };
  }

  private grow(replay: SecondReplay, actions: Action[], state: OrchestratorState, text: string): void {
    replay.grow(actions, state);
    this.actionsText = text;
    this.stateText = stateText(state);
  }
}

function stateText({ isDone, output, error }: OrchestratorState): string {
  return JSON.stringify([isDone, output ?? null, error ?? null]);
}
