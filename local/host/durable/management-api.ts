import type { HostRequest, HostResponse } from "../contract.ts";
import { ClientOperations } from "./client-operations.ts";
import { managementUrls, WEBHOOK_PATH } from "./client-urls.ts";
import type { Engine } from "./engine.ts";
import { historyJson } from "./history-json.ts";
import { asJson } from "./json-reader.ts";
import { isFinished } from "./loaded-instance.ts";
import { Refusal } from "./refusal.ts";
import { filterOf, flag, readJson, segments, startInput, text } from "./request-values.ts";
import { STATUSES } from "./sqlite-schema.ts";
import { statusJson } from "./status-json.ts";
import type { InstanceRow } from "./storage.ts";
import type { HistoryEvent } from "./wire.ts";

const JSON_TYPE = { "content-type": "application/json; charset=utf-8" };
const PAGE_SIZE = 100;
/** How many finished instances a purge by filter takes at a time. */
const PURGE_BATCH = 500;

/** The extension's HTTP API (functions-host.md §5.13), the same under both of its base paths. */
export class ManagementApi {
  private readonly operations: ClientOperations;

  constructor(private readonly engine: Engine) {
    this.operations = new ClientOperations(engine);
  }

  async handle(request: HostRequest): Promise<HostResponse> {
    try {
      return await this.route(request);
    } catch (error) {
      if (error instanceof Refusal) return answer(error.status, error.body);
      // A failed write shows at the latest when its transaction is committed.
      if (
        await this.engine.commits.durable().then(
          () => true,
          () => false,
        )
      )
        throw error;
      const Message = "The durable state cannot be written at the moment: free the disk or mend it. It is tried again without a restart.";
      return answer(503, JSON.stringify({ Message }), { "retry-after": "5" });
    }
  }

  private route(request: HostRequest): HostResponse | Promise<HostResponse> {
    const [area, second, third, fourth, ...more] = segments(request.path);
    if (area === undefined || more.length > 0) throw Refusal.notFound();
    const call = `${request.method} ${area.toLowerCase()}`;
    if (call === "POST orchestrators" && second !== undefined && fourth === undefined) return this.start(request, second, third);
    if (area.toLowerCase() !== "instances") throw Refusal.notFound();
    if (second === undefined) return this.instances(request);
    if (third === undefined) return this.instance(request, second);
    if (request.method !== "POST") throw Refusal.notFound();
    return this.command(request, second, third.toLowerCase(), fourth);
  }

  private instances(request: HostRequest): HostResponse {
    if (request.method === "GET") return this.list(request);
    if (request.method === "DELETE") return this.purgeAll(request);
    throw Refusal.notFound();
  }

  private instance(request: HostRequest, id: string): HostResponse {
    if (request.method === "GET") return this.status(request, id);
    if (request.method !== "DELETE" || !this.operations.purge(id)) throw Refusal.notFound();
    return answer(200, '{"instancesDeleted":1}');
  }

  private command(request: HostRequest, id: string, verb: string, eventName: string | undefined): HostResponse {
    const reason = request.query.get("reason");
    if (verb === "raiseevent" && eventName !== undefined) return this.raise(request, id, eventName);
    if (eventName !== undefined) throw Refusal.notFound();
    switch (verb) {
      case "terminate":
      case "suspend":
      case "resume":
      case "rewind":
        this.operations[verb](id, reason);
        return { status: 202 };
      case "restart":
        return this.started(request, this.operations.restart(id, request.query.get("restartWithNewInstanceId")?.toLowerCase() !== "false"));
      default:
        throw Refusal.notFound();
    }
  }

  private async start(request: HostRequest, name: string, id: string | undefined): Promise<HostResponse> {
    const started = this.operations.start(name, id, startInput(request));
    const timeout = Number(request.query.get("timeout") ?? Number.NaN);
    if (!(timeout > 0)) return this.started(request, started);
    const row = await this.finished(started, timeout * 1000);
    return row ? answer(row.status === "Failed" ? 500 : 200, asJson(row.output)) : this.started(request, started);
  }

  private started(request: HostRequest, id: string): HostResponse {
    const { hubName, systemKey } = this.engine.options;
    const urls = managementUrls({ origin: request.origin, hubName, systemKey }, id, false);
    return answer(202, JSON.stringify(urls), { location: asUri(urls["statusQueryGetUri"] ?? ""), "retry-after": "10" });
  }

  /** Waits until an instance ends; undefined when it has not after `ms`. */
  private finished(id: string, ms: number): Promise<InstanceRow | undefined> {
    return new Promise((resolve) => {
      const look = () => {
        const row = this.engine.storage.instance(id);
        if (row && isFinished(row.status)) end(row);
      };
      const end = (row: InstanceRow | undefined) => {
        stopLooking();
        cancel();
        resolve(row);
      };
      const stopLooking = this.engine.whenFinished(id, look);
      const cancel = this.engine.parts.clock.setTimer(this.engine.now() + ms, () => end(undefined));
      look();
    });
  }

  private raise(request: HostRequest, id: string, name: string): HostResponse {
    this.operations.status(id);
    if (!/^application\/json\b/i.test(request.headers["content-type"] ?? ""))
      throw new Refusal(400, "Only application/json request content is supported");
    this.operations.raise(id, name, readJson(text(request)));
    return { status: 202 };
  }

  private status({ query, origin, path, headers }: HostRequest, id: string): HostResponse {
    const row = this.operations.status(id);
    const [showHistory, showHistoryOutput, showInput] = [
      flag(query, "showHistory"),
      flag(query, "showHistoryOutput"),
      flag(query, "showInput", true),
    ];
    const history = showHistory ? { history: historyJson(this.history(row), { output: showHistoryOutput, input: showInput }) } : {};
    const body = statusJson(row, { input: showInput, ...history });
    if (row.status === "Failed" && flag(query, "returnInternalServerErrorOnFailure")) return answer(500, body);
    if (isFinished(row.status)) return answer(200, body);
    const search = query.size > 0 ? `?${query}` : "";
    // Whoever shows a key came by the webhook, not by the endpoint of the JavaScript client.
    const mount = query.has("code") || headers["x-functions-key"] !== undefined ? WEBHOOK_PATH : "/durabletask";
    return answer(202, body, { location: `${origin}${mount}${path}${search}`, "retry-after": "5" });
  }

  private history(row: InstanceRow): HistoryEvent[] {
    return this.engine.storage.history(row.key).map(({ text: event }) => JSON.parse(event) as HistoryEvent);
  }

  private list({ query, headers }: HostRequest): HostResponse {
    const top = Number(query.get("top") ?? PAGE_SIZE);
    const size = top > 0 ? Math.floor(top) : PAGE_SIZE;
    const after = Number(headers["x-ms-continuation-token"] ?? 0) || 0;
    const rows = this.engine.storage.instances({ ...filterOf(query), after }, size + 1);
    const page = rows.slice(0, size);
    const token = rows.length > size ? String(page.at(-1)?.key ?? "") : "";
    const shown = page.map((row) => statusJson(row, { input: flag(query, "showInput", true) }));
    return answer(200, `[${shown.join(",")}]`, { "x-ms-continuation-token": token });
  }

  private purgeAll({ query }: HostRequest): HostResponse {
    if (!query.get("createdTimeFrom")) return answer(400, JSON.stringify("Please provide value for 'createdTimeFrom' parameter."));
    const wanted = filterOf(query);
    const statuses = (wanted.statuses ?? STATUSES).filter(isFinished);
    let deleted = 0;
    for (;;) {
      const rows = this.engine.storage.instances({ ...wanted, statuses }, PURGE_BATCH);
      for (const row of rows) this.engine.remove(row);
      deleted += rows.length;
      if (rows.length < PURGE_BATCH) break;
    }
    if (deleted === 0) throw Refusal.notFound();
    return answer(200, JSON.stringify({ instancesDeleted: deleted }));
  }
}

function answer(status: number, body?: string, headers: Record<string, string> = {}): HostResponse {
  return body === undefined ? { status, headers } : { status, headers: { ...headers, ...JSON_TYPE }, body };
}

/** As .NET's Uri writes it: what needs no encoding is not encoded [R instance-ids]. */
function asUri(url: string): string {
  return url.replaceAll("%7E", "~");
}
