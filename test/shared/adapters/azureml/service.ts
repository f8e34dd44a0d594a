import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Ajv } from "ajv";
import { onTestFinished } from "vitest";
import { type AzureMlBackendOptions, createAzureMlBackend } from "../../../../shared/adapters/azureml/azureml-backend.ts";
import type { JobRequest } from "../../../../shared/ports/compute-backend.ts";

export const WORKSPACE =
  "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws";
export const KEY = "01900000-0000-7000-8000-000000000001_1";
export const COMMAND = `python train.py --data "\${{inputs.data}}" --lr "\${{inputs.lr}}"`;
export const JOB = { backend: "azureml", id: KEY };

export interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage["headers"];
  body: string;
}

export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  /** Text goes out as it is, anything else as JSON. */
  body?: unknown;
}

type Handler = (asked: Asked, response: ServerResponse) => Answer | undefined | Promise<Answer | undefined>;

/** A service on loopback that answers as told and keeps what it was asked; a handler that gives no answer has dealt with the response itself. */
export async function aService(handle: Handler) {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
    const body = Buffer.concat(chunks).toString();
    const one = { method: request.method ?? "", path: pathname, query: searchParams, headers: request.headers, body };
    asked.push(one);
    const answer = await handle(one, response);
    if (!answer) return;
    response.writeHead(answer.status ?? 200, { "content-type": "application/json", "x-ms-request-id": "request-1", ...answer.headers });
    response.end(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** A credential that counts what it gave out. */
export function aCredential() {
  const credential = {
    asked: [] as unknown[],
    expiresOnTimestamp: Date.UTC(2100, 0),
    getToken: async (scope: string | string[]) => {
      credential.asked.push(scope);
      return { token: `token-${credential.asked.length}`, expiresOnTimestamp: credential.expiresOnTimestamp };
    },
  };
  return credential;
}

/** A back-end against a service that answers by `handle`. */
export async function aBackend(handle: Handler, rest: Partial<AzureMlBackendOptions> = {}) {
  const service = await aService(handle);
  const credential = aCredential();
  const clock = { time: Date.UTC(2026, 10, 24), now: () => clock.time };
  const backend = createAzureMlBackend({
    baseUrl: service.address,
    subscriptionId: "00000000-0000-4000-8000-000000000001",
    resourceGroup: "rg",
    workspaceName: "ws",
    apiVersion: "2024-04-01",
    audience: "https://management.azure.com/",
    credential,
    clock,
    ...rest,
  });
  onTestFinished(() => backend.close());
  return { backend, ...service, credential, clock };
}

/** Answers like a workspace in which one job has this status and these details. */
export function workspaceWith(job: object, details: Answer | object): Handler {
  return ({ path, headers }) => {
    if (path === "/discovery") return { body: { api: `http://${headers.host}/region`, history: "" } };
    if (path.includes("/history/v1.0/")) return "body" in details || "status" in details ? (details as Answer) : { body: details };
    if (path === WORKSPACE) return { body: { properties: { discoveryUrl: `http://${headers.host}/discovery` } } };
    return { body: { properties: { jobType: "Command", ...job } } };
  };
}

export function armError(status: number, code: string, message: string, inner?: string): Answer {
  const additionalInfo = [
    { type: "ComponentName", info: { value: "managementfrontend" } },
    ...(inner ? [{ type: "InnerError", info: { value: { code: inner, innerError: null } } }] : []),
  ];
  return { status, body: { error: { code, message, target: null, details: [], additionalInfo } } };
}

export function aJob(rest: Partial<JobRequest> = {}): JobRequest {
  return {
    key: KEY,
    displayName: "train",
    experimentName: "iris",
    compute: "cpu-cluster",
    code: { id: "ab".repeat(32), uri: "https://store.example/snapshots/ab/" },
    environment: { image: "mcr.example/base:1", condaFile: "dependencies: [python=3.11]\n" },
    command: COMMAND,
    inputs: {
      data: { uri: "https://store.example/data/", mode: "mount", kind: "folder" },
      table: { uri: "https://store.example/t.csv", mode: "download", kind: "file" },
      link: { uri: "https://store.example/l.csv", mode: "direct", kind: "file" },
      lr: { literal: "0.1" },
    },
    outputs: {
      model: { uri: "https://store.example/out/model", mode: "mount" },
      plot: { uri: "https://store.example/out/plot", mode: "upload" },
    },
    environmentVariables: { FLAG: "1", EMPTY: "" },
    timeoutSeconds: 3600,
    tags: { team: "a" },
    properties: { "azureml.pipelinerunid": "p" },
    ...rest,
  };
}

export const never = new AbortController().signal;
export const nothing = async () => {};

interface Operation {
  request: { $ref: string };
}

/** Checks a body against what the service publishes for an operation of its ARM contract. */
export function contractErrors(operation: string, body: string): unknown {
  const file = new URL("../../../../local/clouds/specs/aml-arm-assets-jobs-2024-04-01.json", import.meta.url);
  const spec = JSON.parse(readFileSync(file, "utf8")) as { "x-operations": Record<string, Operation> };
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(spec, "spec");
  const validate = ajv.compile({ $ref: `spec${spec["x-operations"][operation]?.request.$ref}` });
  return validate(JSON.parse(body)) ? [] : validate.errors;
}
