import { z } from "zod";
import type { HostLog, HostRequest, HostResponse, RegisteredFunction, Worker } from "./contract.ts";

const ACCEPTED: HostResponse = { status: 202 };

/**
 * The Event Grid extension's webhook, `POST …/EventGrid?functionName=…`: handshake, notification, unsubscribe. One event is
 * one invocation unless the trigger's `cardinality` is "many"; a failure is answered 500, and Event Grid sends all again.
 */
export function eventGridWebhook(
  worker: Worker,
  log: HostLog,
  isDisabled: (functionName: string) => boolean = () => false,
): (request: HostRequest) => Promise<HostResponse> {
  return async (request) => {
    const name = request.query.get("functionName") ?? "";
    const f = worker.functions.get(name);
    if (f?.trigger.binding.type.toLowerCase() !== "eventgridtrigger" || isDisabled(name))
      return { status: 404, body: `cannot find function: '${name}'` };
    switch (request.method === "POST" ? request.headers["aeg-event-type"]?.toLowerCase() : undefined) {
      case "subscriptionvalidation":
        return handshake(request.body);
      case "notification":
        return notify(worker, log, f, request.body);
      case "unsubscribe":
        return ACCEPTED;
      default:
        return { status: 400 };
    }
  };
}

const ValidationData = z.looseObject({ validationCode: z.string() });
/** In a single event, `data` is a JSON text. */
const ValidationEvent = z.looseObject({
  data: z.union([
    ValidationData,
    z
      .string()
      .transform((text) => parse(Buffer.from(text)))
      .pipe(ValidationData),
  ]),
});

function handshake(body: Uint8Array): HostResponse {
  const payload = parse(body);
  const event = ValidationEvent.safeParse(Array.isArray(payload) ? payload[0] : payload);
  if (!event.success) return { status: 400, body: "The validation event has no data.validationCode." };
  const validationResponse = event.data.data.validationCode;
  return { status: 200, headers: { "content-type": "application/json; charset=utf-8" }, body: JSON.stringify({ validationResponse }) };
}

async function notify(worker: Worker, log: HostLog, f: RegisteredFunction, body: Uint8Array): Promise<HostResponse> {
  const payload = parse(body);
  if (payload === null || typeof payload !== "object")
    return { status: 400, body: "A notification is a JSON object or an array of objects." };
  const events: unknown[] = Array.isArray(payload) ? payload : [payload];
  const many = String(f.trigger.binding["cardinality"] ?? "one").toLowerCase() === "many";
  const results = await Promise.allSettled((many ? [events] : events).map((input) => invokeWithEvent(worker, f, input)));
  const failed = results.find((result) => result.status === "rejected");
  if (!failed) return ACCEPTED;
  const text = failed.reason instanceof Error ? failed.reason.message : String(failed.reason);
  log("error", `Function "${f.name}" failed on an event: ${text}`, { functionName: f.name });
  return { status: 500, body: text };
}

/** Runs the function on one event, or on a batch of them. */
export async function invokeWithEvent(worker: Worker, f: RegisteredFunction, input: unknown): Promise<void> {
  await worker.invoke({
    functionName: f.name,
    inputs: { [f.trigger.name]: { json: JSON.stringify(input) } },
    triggerMetadata: { data: { json: JSON.stringify(dataOf(input)) } },
  });
}

const dataOf = (input: unknown): unknown =>
  Array.isArray(input) ? input.map(dataOf) : ((input as { data?: unknown } | null)?.data ?? null);

/** Undefined for what is no JSON. */
function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch {
    return undefined;
  }
}
