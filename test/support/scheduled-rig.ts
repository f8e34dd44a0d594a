import { expect } from "vitest";
import type { ScheduleDetails, TickResource } from "../../shared/api/schedule-resources.ts";
import { type ApiAnswer, ApiOverRig } from "./api-over-rig.ts";
import { RunRig } from "./run-rig.ts";

/** A Wednesday, in whole minutes. Tests begin a few seconds later, and so come the looks of the timer. */
export const START = Date.UTC(2026, 6, 1, 12);
export const MINUTE = 60_000;
export const LATE_MS = 5000;

/** A pipeline of one step that says a word, and reads a file. */
export const SAYING = {
  name: "say",
  parameters: {
    word: { type: "string", default: "hello" },
    file: { type: "datapath", default: { datastore: "workspaceblobstore", path: "none" } },
  },
  steps: [
    {
      key: "say",
      type: "CommandStep",
      command: ["echo", { parameter: "word" }],
      parameters: { word: { source: "word" } },
      inputs: { file: { source: { parameter: "file" } } },
      allowReuse: false,
    },
  ],
};

/** A rig with a published pipeline, and what tests of schedules say often. */
export class ScheduledRig implements AsyncDisposable {
  readonly rig: RunRig;
  readonly api: ApiOverRig;
  pipelineId = "";

  private constructor(rig: RunRig) {
    this.rig = rig;
    this.api = new ApiOverRig(rig);
  }

  static async open(): Promise<ScheduledRig> {
    const scheduled = new ScheduledRig(await RunRig.open({ now: START + LATE_MS }));
    await scheduled.drop("none");
    scheduled.pipelineId = await scheduled.publish();
    return scheduled;
  }

  async publish(more: object = {}): Promise<string> {
    return (await this.made("published-pipelines", { name: "say", pipeline: SAYING, ...more })).id;
  }

  /** Puts a file into the default datastore. @returns its etag. */
  async drop(path: string, text = "x"): Promise<string> {
    const info = await this.rig.blobs.write({ datastore: "workspaceblobstore", path }, Buffer.from(text));
    return info?.etag ?? "";
  }

  /** @returns the id of a schedule of the published pipeline, by default each minute from a minute after now. */
  async schedule(more: object = {}): Promise<string> {
    return (await this.made("schedules", this.definition(more))).id;
  }

  definition(more: object = {}): object {
    const trigger = { kind: "cron", expression: "* * * * *" };
    return { name: "often", pipelineId: this.pipelineId, experimentName: "scheduled", trigger, ...more };
  }

  async made(path: string, body: object): Promise<{ id: string }> {
    const answer = await this.api.post(path, body);
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    return answer.body;
  }

  async details(id: string): Promise<ScheduleDetails> {
    return (await this.api.get(`schedules/${id}`)).body;
  }

  /** Oldest first. */
  async ticks(id: string): Promise<TickResource[]> {
    return (await this.api.get(`schedules/${id}/ticks?limit=1000`)).body.ticks.reverse();
  }

  /** Each tick in a few words: minutes after the start, and what came of it. */
  async told(id: string): Promise<string[]> {
    return (await this.ticks(id)).map(({ due, status, kind }) => `${(Date.parse(due) - START) / MINUTE} ${kind} ${status}`);
  }

  /** Ids of all pipeline runs, oldest first. */
  async runIds(): Promise<string[]> {
    return (await this.rig.runs.list({}, { limit: 1000 })).items.map(({ id }) => id as string).reverse();
  }

  /** Lets time pass without a look, as when nothing runs, and then looks as a process that was started anew. */
  async away(ms: number): Promise<void> {
    await this.rig.pass(ms);
    this.rig.looks.until = undefined;
    this.rig.looks.left.clear();
    await this.rig.lookAtSchedules();
  }

  /** Lets time pass under the eyes of the timer. */
  async pass(ms: number): Promise<void> {
    for (const until = this.rig.clock.now() + ms; this.rig.clock.now() < until; ) {
      await this.rig.pass(Math.min(10_000, until - this.rig.clock.now()));
      await this.rig.lookAtSchedules();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rig[Symbol.asyncDispose]();
  }
}

/** What a refusal says, in one line each. */
export function refusal({ status, body }: ApiAnswer): string[] {
  const errors = (body.errors ?? []) as { pointer?: string; message: string; remedy?: string }[];
  return [
    [status, body.type, body.detail, body.remedy].filter(Boolean).join(" | "),
    ...errors.map(({ pointer, message, remedy }) => [pointer, message, remedy].filter(Boolean).join(" | ")),
  ];
}
