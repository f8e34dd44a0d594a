import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { API_VERSION } from "../contract.ts";
import { guidOf, workspaceId } from "../jobs/run-status-event.ts";
import { getAsset, listAssets, putCode, putEnvironment } from "../operations/assets.ts";
import { getCompute, listComputes, putCompute } from "../operations/computes.ts";
import { cancelJob, getJob, listJobs, putJob } from "../operations/jobs.ts";
import { getRunDetails } from "../operations/run-history.ts";
import type { Call, Service } from "../operations/service.ts";
import { getDiscovery, getWorkspace } from "../operations/workspace.ts";
import type { AzureMlOptions } from "../options.ts";
import { ArmError } from "./arm-error.ts";
import { type FaultEffect, type FaultPlan, parseFaults } from "./faults.ts";
import { readJson } from "./read-json.ts";
import { ok, type Reply } from "./reply.ts";
import { type Match, matchOperation, type Operation } from "./router.ts";

type Handler = (service: Service, call: Call) => Reply | Promise<Reply>;

const HANDLERS: Readonly<Record<Operation, Handler>> = {
  Workspaces_Get: getWorkspace,
  Compute_List: listComputes,
  Compute_Get: getCompute,
  Compute_CreateOrUpdate: putCompute,
  CodeVersions_List: (service, call) => listAssets(service, call, "codes"),
  CodeVersions_Get: (service, call) => getAsset(service, call, "codes"),
  CodeVersions_CreateOrUpdate: putCode,
  EnvironmentVersions_List: (service, call) => listAssets(service, call, "environments"),
  EnvironmentVersions_Get: (service, call) => getAsset(service, call, "environments"),
  EnvironmentVersions_CreateOrUpdate: putEnvironment,
  Jobs_List: listJobs,
  Jobs_Get: getJob,
  Jobs_CreateOrUpdate: putJob,
  Jobs_Cancel: cancelJob,
  Runs_GetDetails: getRunDetails,
};

/** The HTTP side: who asks, for what, and how it is answered or made to fail. */
export class AzureMlServer {
  readonly #service: Service;
  readonly #options: AzureMlOptions;
  readonly #faults: FaultPlan;
  #isOpen = false;

  constructor(service: Service, options: AzureMlOptions, faults: FaultPlan) {
    this.#service = service;
    this.#options = options;
    this.#faults = faults;
  }

  open(): void {
    this.#isOpen = true;
  }

  close(): void {
    this.#isOpen = false;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = new URL(request.url ?? "/", this.#baseUrl(request));
      if (request.method === "PUT" && url.pathname === "/faults") return send(response, await this.#setFaults(request));
      if (request.method === "GET" && url.pathname === this.#discoveryPath()) return send(response, getDiscovery(this.#baseUrl(request)));
      await this.#operate(request, response, url);
    } catch (error) {
      this.#sendError(response, error);
    }
  }

  async #operate(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    if (!this.#isOpen)
      throw new ArmError(503, "ServerBusy", "The server is starting or stopping: try again", { headers: { "retry-after": "1" } });
    await this.#authenticate(request);
    const match = matchOperation(request.method ?? "GET", url.pathname, this.#service.workspace);
    const before = this.#faults.take(match.operation, "before");
    if (before) return this.#disturb(response, before);
    const reply = await this.#answer(request, match, url);
    const after = this.#faults.take(match.operation, "after");
    if (after) this.#disturb(response, after);
    else send(response, reply);
    reply.afterwards?.();
  }

  async #answer(request: IncomingMessage, { operation, arm, name, version }: Match, url: URL): Promise<Reply> {
    if (arm) checkVersion(url);
    const call: Call = { name, version, query: url.searchParams, baseUrl: this.#baseUrl(request), url, body: undefined };
    if (request.method === "PUT") {
      call.body = await readJson(request);
      await this.#service.schemas.check(operation, call.body);
    }
    return HANDLERS[operation](this.#service, call);
  }

  async #authenticate(request: IncomingMessage): Promise<void> {
    const [, token] = /^Bearer ([\w.~+/=-]+)$/i.exec(request.headers.authorization ?? "") ?? [];
    const refused = (message: string) => {
      const headers = { "www-authenticate": 'Bearer authorization_uri="https://login.microsoftonline.com/", error="invalid_token"' };
      return new ArmError(401, token ? "InvalidAuthenticationToken" : "AuthenticationFailed", message, { headers });
    };
    if (!token) throw refused("Authentication failed. The 'Authorization' header is missing or is no bearer token.");
    await this.#options.verifyToken(token).catch((error: Error) => {
      throw refused(`The access token is invalid: ${error.message}`);
    });
  }

  async #setFaults(request: IncomingMessage): Promise<Reply> {
    const { faultToken } = this.#options;
    if (!faultToken) throw new ArmError(404, "InvalidResourceType", "There is no such resource");
    if (!sameSecret(request.headers.authorization ?? "", `Bearer ${faultToken}`))
      throw new ArmError(401, "InvalidAuthenticationToken", "Wrong token");
    try {
      this.#faults.replace(parseFaults(await readJson(request)));
    } catch (error) {
      if (error instanceof TypeError) throw new ArmError(400, "BadRequest", error.message);
      throw error;
    }
    return ok({});
  }

  #disturb(response: ServerResponse, effect: FaultEffect): void {
    if (effect.kind === "reset") response.socket?.resetAndDestroy();
    if (effect.kind !== "status") return;
    if (effect.body !== undefined) {
      response.writeHead(effect.status, effect.headers).end(effect.body);
      return;
    }
    this.#sendError(response, new ArmError(effect.status, "InjectedFault", "This answer was asked for", { headers: effect.headers ?? {} }));
  }

  #sendError(response: ServerResponse, error: unknown): void {
    const known = error instanceof ArmError ? error : new ArmError(500, "InternalServerError", "The server failed: see its log");
    if (known !== error) this.#service.log(`A request failed: ${(error as Error).stack}`);
    const body = known.toBody(this.#service.workspace.location, this.#service.clock());
    const headers = { ...known.options.headers, ...(known.code === "UserError" ? { "x-ms-response-type": "error" } : {}) };
    send(response, { status: known.status, headers, body });
  }

  #baseUrl(request: IncomingMessage): string {
    return this.#options.baseUrl ?? `http://${request.headers.host ?? "localhost"}`;
  }

  #discoveryPath(): string {
    return `/discovery/workspaces/${guidOf(workspaceId(this.#service.workspace))}`;
  }
}

function checkVersion(url: URL): void {
  const version = url.searchParams.get("api-version");
  if (version === API_VERSION) return;
  const [code, asked] = version ? ["InvalidApiVersionParameter", `'${version}'`] : ["MissingApiVersionParameter", "missing"];
  throw new ArmError(400, code ?? "", `The query parameter api-version is ${asked}; this server speaks ${API_VERSION}`, {
    target: "api-version",
  });
}

function send(response: ServerResponse, { status, body, headers }: Reply): void {
  if (response.headersSent || response.destroyed) return;
  const text = body === undefined ? "" : JSON.stringify(body);
  response
    .writeHead(status, { ...headers, "content-type": "application/json; charset=utf-8", "content-length": Buffer.byteLength(text) })
    .end(text);
}

function sameSecret(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
