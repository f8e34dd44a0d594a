import type { HostLog, Worker } from "../contract.ts";
import type { HttpCall } from "./actions.ts";
import { activityResult } from "./activity-result.ts";
import { activityFailure, httpFailure, thrown } from "./failure.ts";
import type { DurableFunctions } from "./functions.ts";
import { unknownFunctionText } from "./replay-nodes.ts";
import { HTTP_ACTIVITY } from "./replay-world.ts";
import type { WorkRow } from "./storage.ts";
import { EventType } from "./wire.ts";

/** Sends what callHttp asks for. @throws {Error} no answer came. */
export type HttpSender = (call: HttpCall) => Promise<{ statusCode: number; headers: Record<string, string | string[]>; content: string }>;

/** How an activity ended: members of its event. */
export interface Ending {
  type: number;
  members: Record<string, unknown>;
}

export interface ActivitiesOptions {
  worker: Worker;
  functions: DurableFunctions;
  send: HttpSender;
  log: HostLog;
  /** At most so many at the same time. */
  limit: number;
  ended(work: WorkRow, ending: Ending): void;
}

/** Runs activities, oldest first. */
export class Activities {
  private readonly queue: WorkRow[] = [];
  private head = 0;
  private running = 0;
  private stopped = false;
  private readonly idle: (() => void)[] = [];

  constructor(private readonly options: ActivitiesOptions) {}

  add(work: readonly WorkRow[]): void {
    for (const one of work) this.queue.push(one);
    this.fill();
  }

  /** Starts none any more; resolves when the running ones have ended. Those that end later are not reported. */
  stop(): Promise<void> {
    this.stopped = true;
    return this.running === 0 ? Promise.resolve() : new Promise((resolve) => this.idle.push(resolve));
  }

  private fill(): void {
    while (!this.stopped && this.running < this.options.limit && this.head < this.queue.length) {
      const work = this.queue[this.head++];
      if (this.head > 1024 && this.head * 2 > this.queue.length) this.head -= this.queue.splice(0, this.head).length;
      if (work) void this.run(work);
    }
  }

  private async run(work: WorkRow): Promise<void> {
    this.running++;
    const ending = await this.execute(work);
    this.running--;
    this.options.ended(work, ending);
    this.fill();
    if (this.stopped && this.running === 0) for (const done of this.idle.splice(0)) done();
  }

  private execute(work: WorkRow): Promise<Ending> {
    return work.name === HTTP_ACTIVITY ? this.http(work) : this.activity(work);
  }

  private async activity(work: WorkRow): Promise<Ending> {
    const target = this.options.functions.find("activity", work.name);
    if (!target)
      return failed(
        work,
        activityFailure(work.name, new Error(unknownFunctionText(this.options.functions.names("activity"), "activity", work.name))),
      );
    const data = work.input === null ? {} : { string: work.input };
    try {
      const { returnValue } = await this.options.worker.invoke({
        functionName: target.name,
        inputs: { [target.trigger.name]: data },
        triggerMetadata: { instanceId: { string: work.instanceId } },
      });
      return { type: EventType.TaskCompleted, members: { TaskScheduledId: work.taskId, Result: activityResult(returnValue) } };
    } catch (error) {
      const { message, stack } = thrown(error);
      this.options.log("warning", `Activity '${target.name}' failed: ${message}`, {
        instanceId: work.instanceId,
        taskId: work.taskId,
        stack,
      });
      return failed(work, activityFailure(work.name, error));
    }
  }

  private async http(work: WorkRow): Promise<Ending> {
    try {
      const answer = await this.options.send(JSON.parse(work.input ?? "null") as HttpCall);
      return { type: EventType.TaskCompleted, members: { TaskScheduledId: work.taskId, Result: JSON.stringify(answer) } };
    } catch (error) {
      return failed(work, httpFailure(thrown(error).message));
    }
  }
}

function failed(work: WorkRow, failure: { Reason: string; Details: string }): Ending {
  return { type: EventType.TaskFailed, members: { TaskScheduledId: work.taskId, ...failure, FailureDetails: null } };
}
