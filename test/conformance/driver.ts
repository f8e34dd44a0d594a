import type { TypedData } from "../../local/host/contract.ts";
import type { VirtualClock } from "../support/virtual-clock.ts";
import type { ClientEndpoint } from "./client-endpoint.ts";
import type { Comparer } from "./compare.ts";
import type { ObservedWorker } from "./observed-worker.ts";
import type { ClientCall, Recording } from "./recording.ts";

const ORIGIN = "http://localhost:7071";
/** How long a wait lets virtual time pass at most, in milliseconds. */
const PATIENCE_MS = 15 * 60_000;
const IDENTIFIER = /^[\da-f]{32}$/;

/** Makes the recorded calls, and waits where the recording waited. */
export class Driver {
  constructor(
    private readonly recording: Recording,
    private readonly clock: VirtualClock,
    private readonly worker: ObservedWorker,
    private readonly endpoint: ClientEndpoint,
    private readonly comparer: Comparer,
    private readonly binding: (origin: string) => string,
  ) {}

  async run(): Promise<void> {
    const calls = this.recording.clientCalls;
    for (const [i, call] of calls.entries()) {
      this.holdBack(calls[i + 1]);
      const before = this.endpoint.exchanges.length;
      const ours = await this.make({ ...call, args: this.comparer.ours(call.args) });
      this.learnIds(call, ours);
      this.compareCall(`call ${i}, ${call.call}`, call, ours, this.endpoint.exchanges.slice(before));
    }
    // The recorder was slow enough for what is due at once to have happened.
    await this.clock.pump(() => false, 0);
  }

  /** `getStatus` as the client has it. */
  async status(id: string): Promise<unknown> {
    const { result, error } = await this.client("getStatus", [id]);
    return error ? { error } : result;
  }

  private release: (() => void) | undefined;

  /** A call that comes just before a result is handed in needs that result to be kept back. */
  private holdBack(next: ClientCall | undefined): void {
    if (!next?.call.includes("just before")) return;
    this.worker.held = new Promise((resolve) => {
      this.release = resolve;
    });
  }

  /** Lets a result go that was kept back. */
  private letGo(): void {
    this.release?.();
    this.release = undefined;
    this.worker.held = undefined;
  }

  private async make(call: ClientCall): Promise<{ result?: unknown; error?: unknown }> {
    const [name = ""] = call.call.split(" ");
    const [first, second] = call.args as [string, unknown];
    switch (name) {
      case "waitForStatus":
        return { result: await this.waitForStatus(first, second as string[], call.gaveUpAfterMs) };
      case "waitForEpisodes":
        return { result: await this.waitForCount(this.worker.replies, first, second as number) };
      case "waitForActivityStart":
        return { result: await this.waitForCount(this.worker.activityStarts, first, second as number) };
      case "waitForCustomStatus":
        return { result: await this.waitForCustomStatus(first, second) };
      case "sleep":
        await this.clock.pass(Number(first));
        return {};
      case "http":
        await this.byHand(call.args);
        return {};
      default:
        if (!/just (before|after)/.test(call.call)) return this.client(name, call.args);
        await this.clock.pump(() => (this.worker.activityEnds.get(first) ?? 0) > 0, PATIENCE_MS);
        return this.client(name, call.args).finally(() => this.letGo());
    }
  }

  private async waitForStatus(id: string, wanted: string[], giveUpMs: number | undefined): Promise<unknown> {
    const read = async () => (await this.look(id))?.["runtimeStatus"];
    return this.pumpFor(read, (seen) => wanted.includes(String(seen)), giveUpMs ?? PATIENCE_MS);
  }

  private async waitForCustomStatus(id: string, wanted: unknown): Promise<unknown> {
    const read = async () => (await this.look(id))?.["customStatus"];
    return this.pumpFor(read, (seen) => JSON.stringify(seen) === JSON.stringify(wanted), PATIENCE_MS);
  }

  /** A look at an instance that the recording knows nothing of. */
  private async look(id: string): Promise<Record<string, unknown> | undefined> {
    const request = {
      method: "GET",
      path: `/instances/${encodeURIComponent(id)}`,
      query: new URLSearchParams(),
      headers: {},
      body: Buffer.alloc(0),
      origin: ORIGIN,
    };
    const { body } = (await this.endpoint.durable?.handle(request)) ?? {};
    try {
      return JSON.parse(body ?? "null") ?? undefined;
    } catch {
      return { runtimeStatus: /"runtimeStatus":"(\w+)"/.exec(body ?? "")?.[1] };
    }
  }

  private async waitForCount(counts: ReadonlyMap<string, number>, id: string, wanted: number): Promise<number> {
    await this.clock.pump(() => (counts.get(id) ?? 0) >= wanted, PATIENCE_MS);
    return counts.get(id) ?? 0;
  }

  /** Pumps until what is read is right; gives what was read last. */
  private async pumpFor(read: () => Promise<unknown>, isRight: (seen: unknown) => boolean, forMs: number): Promise<unknown> {
    let seen = await read();
    const look = () => {
      void read().then((now) => {
        seen = now;
      });
      return isRight(seen);
    };
    await this.clock.pump(look, forMs);
    return seen;
  }

  private async byHand([method, path, more]: unknown[]): Promise<void> {
    const { headers, body } = (more ?? {}) as { headers?: Record<string, string>; body?: string };
    const send = fetch(`${this.endpoint.baseUrl}${path}`, {
      method: String(method),
      ...(headers && { headers }),
      ...(body !== undefined && { body }),
    });
    let ended = false;
    const whole = send.then((r) => r.arrayBuffer()).finally(() => (ended = true));
    // Only a start that waits for the end needs time to pass.
    if (String(path).includes("timeout=")) await this.clock.pump(() => ended, PATIENCE_MS);
    await whole;
  }

  /** Calls the durable client inside of the app, through the app's own HTTP function. */
  private async client(call: string, args: unknown[]): Promise<{ result?: unknown; error?: unknown }> {
    const target = this.worker.functions.get("client");
    if (!target) throw new Error('The app has no HTTP function "client", through which the calls of a recording are made.');
    const inputs: Record<string, TypedData> = {};
    for (const [name, binding] of Object.entries(target.bindings)) {
      if (binding.type === "durableClient") inputs[name] = { string: this.binding(ORIGIN) };
      if (name === target.trigger.name) inputs[name] = request({ call, args });
    }
    const { returnValue, outputs } = await this.worker.invoke({ functionName: "client", inputs });
    const http = [returnValue, ...Object.values(outputs)].find((data) => data?.http !== undefined)?.http as { body: { bytes: Uint8Array } };
    return JSON.parse(new TextDecoder().decode(http.body.bytes));
  }

  private learnIds(call: ClientCall, ours: { result?: unknown }): void {
    const exchange = this.endpoint.exchanges.at(-1);
    const body = call.http?.[0]?.response.body as { id?: unknown } | null | undefined;
    const pairs = [
      [call.result, ours.result],
      [body?.id, (exchange?.response.body as { id?: unknown } | null)?.id],
    ];
    for (const [recorded, mine] of pairs)
      if (typeof recorded === "string" && typeof mine === "string" && IDENTIFIER.test(recorded)) this.comparer.pair(recorded, mine);
  }

  private compareCall(
    where: string,
    call: ClientCall,
    ours: { result?: unknown; error?: unknown },
    exchanges: ClientEndpoint["exchanges"],
  ): void {
    this.comparer.same(`${where}, outcome`, [call.result ?? null, call.error ?? null], [ours.result ?? null, ours.error ?? null]);
    if (!call.http) return;
    this.comparer.same(`${where}, answers`, call.http.map(visible), exchanges.map(visible));
  }
}

/** What of an answer counts. */
function visible({ response: { status, headers, body } }: ClientEndpoint["exchanges"][number]): unknown {
  const shown = Object.entries(headers).filter(([name]) =>
    ["content-type", "location", "retry-after", "x-ms-continuation-token"].includes(name),
  );
  const { StackTrace: _, ...rest } = (typeof body === "object" && body !== null && !Array.isArray(body) ? body : {}) as {
    StackTrace?: string;
  };
  return { status, headers: Object.fromEntries(shown), body: _ === undefined ? (body ?? null) : rest };
}

function request(body: unknown): TypedData {
  return {
    http: {
      method: "POST",
      url: `${ORIGIN}/api/client`,
      nullableHeaders: {},
      nullableQuery: {},
      nullableParams: {},
      body: { bytes: Buffer.from(JSON.stringify(body)) },
    },
  };
}
