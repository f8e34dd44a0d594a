import type { Invocation, InvocationResult, TypedData, Worker } from "../../local/host/contract.ts";
import type { RecordedActivity, Trigger } from "./recording.ts";

/** What came into and out of an app's durable functions, counted by instance. */
export class ObservedWorker implements Worker {
  readonly activities: RecordedActivity[] = [];
  readonly episodes: { trigger: Trigger; reply?: unknown }[] = [];
  readonly activityStarts = new Map<string, number>();
  readonly activityEnds = new Map<string, number>();
  readonly replies = new Map<string, number>();
  /** While set, results of activities are kept back. */
  held: Promise<void> | undefined;

  constructor(private readonly inner: Worker) {}

  get functions(): Worker["functions"] {
    return this.inner.functions;
  }

  invoke(invocation: Invocation): Promise<InvocationResult> {
    switch (this.functions.get(invocation.functionName)?.trigger.binding.type.toLowerCase()) {
      case "orchestrationtrigger":
        return this.orchestrator(invocation);
      case "activitytrigger":
        return this.activity(invocation);
      default:
        return this.inner.invoke(invocation);
    }
  }

  private async orchestrator(invocation: Invocation): Promise<InvocationResult> {
    const trigger = JSON.parse(Object.values(invocation.inputs)[0]?.string ?? "null") as Trigger;
    const episode: ObservedWorker["episodes"][number] = { trigger };
    this.episodes.push(episode);
    try {
      const result = await this.inner.invoke(invocation);
      episode.reply = JSON.parse(result.returnValue?.json ?? "null");
      return result;
    } catch (error) {
      const [, state = "null"] = String(error instanceof Error ? error.message : error).split("$OutOfProcData$:", 2);
      episode.reply = JSON.parse(state);
      throw error;
    } finally {
      count(this.replies, trigger.instanceId);
    }
  }

  private async activity(invocation: Invocation): Promise<InvocationResult> {
    const instance = invocation.triggerMetadata?.["instanceId"]?.string ?? "";
    const record: RecordedActivity = { name: invocation.functionName, input: Object.values(invocation.inputs)[0]?.string ?? null };
    this.activities.push(record);
    count(this.activityStarts, instance);
    try {
      const result = await this.inner.invoke(invocation);
      record.result = kinds(result.returnValue);
      return result;
    } catch (error) {
      record.error = {
        message: error instanceof Error ? error.message : typeof error === "object" ? JSON.stringify(error) : String(error),
      };
      throw error;
    } finally {
      count(this.activityEnds, instance);
      await this.held;
    }
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Typed data as the recordings write it: by kind, numbers as texts, 64 bits at most, bytes as base64. */
function kinds(data: TypedData | undefined): unknown {
  if (!data) return null;
  if (data.int !== undefined) return { int: String(BigInt.asIntN(64, clamp(BigInt(data.int)))) };
  if (data.double !== undefined) return { double: String(data.double) };
  if (data.bytes !== undefined) return { bytes: Buffer.from(data.bytes).toString("base64") };
  if (data.json !== undefined) return { json: data.json };
  if (data.string !== undefined) return { string: throughProtobuf(data.string) };
  return null;
}

function clamp(value: bigint): bigint {
  const most = 2n ** 63n - 1n;
  return value > most ? most : value < -most - 1n ? -most - 1n : value;
}

/** Half a surrogate pair does not survive protobuf. */
function throughProtobuf(text: string): string {
  return text.isWellFormed()
    ? text
    : text.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, "\uFFFD\uFFFD\uFFFD");
}
