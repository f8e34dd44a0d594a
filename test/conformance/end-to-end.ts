import type { HostLog, Worker } from "../../local/host/contract.ts";
import type { HttpCall } from "../../local/host/durable/actions.ts";
import type { HttpSender } from "../../local/host/durable/activities.ts";
import { createDurable } from "../../local/host/durable/create-durable.ts";
import { openSqliteStorage } from "../../local/host/durable/sqlite-storage.ts";
import { VirtualClock } from "../support/virtual-clock.ts";
import type { ClientEndpoint } from "./client-endpoint.ts";
import type { Comparer } from "./compare.ts";
import { compareRun } from "./compare-run.ts";
import { Driver } from "./driver.ts";
import { ObservedWorker } from "./observed-worker.ts";
import { beginning, durationMs, type Recording } from "./recording.ts";

export interface Stage {
  worker: Worker;
  endpoint: ClientEndpoint;
  log: HostLog;
  hubName: string;
}

/**
 * The README's third way: the recorded client calls are made again, by the genuine client in the genuine app, on a fresh
 * engine in virtual time; then statuses, activities and answers are compared.
 */
export async function runEndToEnd(recording: Recording, stage: Stage, comparer: Comparer): Promise<void> {
  const clock = new VirtualClock(beginning(recording));
  const worker = new ObservedWorker(stage.worker);
  let ids = 0;
  const durable = createDurable({
    worker,
    storage: openSqliteStorage(":memory:"),
    clock,
    random: { hex32: () => `${(++ids).toString(16).padStart(8, "0")}${"f00d".repeat(6)}` },
    log: stage.log,
    options: {
      hubName: stage.hubName,
      rpcBaseUrl: stage.endpoint.baseUrl,
      systemKey: "k",
      checkEvery: 1,
      send: recordedAnswers(recording),
      ...limits(recording),
    },
  });
  stage.endpoint.durable = durable;
  const putBack = clock.takeOverTimeouts();
  try {
    await durable.start();
    const driver = new Driver(recording, clock, worker, stage.endpoint, comparer, (origin) => durable.clientBinding(origin));
    await driver.run();
    await compareRun(recording, worker, comparer, (id) => driver.status(id));
  } finally {
    await Promise.all([durable.stop(0), clock.pass(1)]);
    putBack();
    stage.endpoint.durable = undefined;
  }
}

function limits({ settings }: Recording): { maximumShortTimerMs?: number; timerLegMs?: number } {
  return {
    ...(settings?.maximumShortTimerDuration && { maximumShortTimerMs: durationMs(settings.maximumShortTimerDuration) }),
    ...(settings?.longRunningTimerIntervalDuration && { timerLegMs: durationMs(settings.longRunningTimerIntervalDuration) }),
  };
}

/** callHttp gets the answers that it got then, by address and in order. */
function recordedAnswers({ episodes }: Recording): HttpSender {
  const events = new Map(episodes.map(({ trigger }) => [trigger.instanceId, trigger.history]));
  const tasks = [...events.values()].flatMap((history) =>
    history.filter((e) => e.EventType === 4 && e.Name === "BuiltIn::HttpActivity").map((e) => ({ history, id: e.EventId })),
  );
  const answers = tasks
    .map(({ history, id }) => history.find((e) => (e.EventType === 5 || e.EventType === 6) && e.TaskScheduledId === id))
    .filter((e) => e !== undefined);
  return async (_: HttpCall) => {
    const event = answers.shift();
    if (!event) throw new Error("the recording holds no answer to this request");
    if (event.EventType === 6) throw new Error(event.Reason ?? "");
    return JSON.parse(event.Result ?? "null") as Awaited<ReturnType<HttpSender>>;
  };
}
