import type { Action } from "./actions.ts";
import type { ReplayNode } from "./replay-nodes.ts";
import type { SecondReplay } from "./second-replay.ts";
import { EventType, type HistoryEvent } from "./wire.ts";

/** callHttp, which polls on 202 until something else is answered. */
export function openHttp(replay: SecondReplay, action: Action, node: ReplayNode): void {
  const original = action.httpRequest ?? { method: "GET", uri: "" };
  const send = (request: typeof original) => {
    replay.schedule(
      (id) => ({ kind: "http", id, request }),
      (event) => {
        const answer = event.EventType === EventType.TaskFailed ? undefined : readAnswer(event);
        const location = answer && header(answer.headers, "location");
        if (answer?.statusCode !== 202 || original.asynchronousPatternEnabled === false || location === undefined) return node.finish();
        const after = header(answer.headers, "retry-after");
        const fireAt = replay.now + (after === undefined ? replay.world.limits.httpSleepMs : Number(after) * 1000);
        if (Number.isNaN(fireAt)) return node.finish();
        const { content: _, headers, ...rest } = original;
        const next = { ...rest, method: "GET", uri: location, ...(headers && { headers: withoutKey(headers) }) };
        replay.schedule(
          (id) => ({ kind: "timer", id, fireAt }),
          () => send(next),
        );
      },
    );
  };
  send(original);
}

interface HttpAnswer {
  statusCode: number;
  headers: Record<string, string>;
}

function readAnswer(event: HistoryEvent): HttpAnswer {
  return JSON.parse(event.Result ?? "null") as HttpAnswer;
}

function header(headers: Record<string, string>, name: string): string | undefined {
  return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** The key of the first address is seldom good for the status address, so it is not sent there. */
function withoutKey(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([key]) => key.toLowerCase() !== "x-functions-key"));
}
