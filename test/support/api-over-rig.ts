import { type HttpMethod, HttpRequest, InvocationContext } from "@azure/functions";
import { routes } from "../../functions/registry.ts";
import type { Services } from "../../shared/composition.ts";
import type { Role } from "../../shared/domain/roles.ts";
import type { RunRig } from "./run-rig.ts";

export interface ApiAnswer {
  status: number;
  headers: Record<string, string>;
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is for the test to say
  body: any;
}

/** The API's own routes over the services of a rig: what a caller sends and what comes back, without a host between. */
export class ApiOverRig {
  readonly rig: RunRig;
  role: Role = "Admin";

  constructor(rig: RunRig) {
    this.rig = rig;
  }

  get(path: string): Promise<ApiAnswer> {
    return this.send("GET", path);
  }

  post(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<ApiAnswer> {
    return this.send("POST", path, body, headers);
  }

  async send(method: HttpMethod, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<ApiAnswer> {
    const url = new URL(`/api/${path}`, "http://localhost");
    const { bound, params } = find(method, url.pathname.slice(1));
    const text = body === undefined ? undefined : JSON.stringify(body);
    const request = new HttpRequest({
      method,
      url: url.href,
      params,
      headers: { "content-type": "application/json", "content-length": String(Buffer.byteLength(text ?? "")), ...headers },
      ...(text !== undefined && { body: { string: text } }),
    });
    const services = {
      ...this.rig.services,
      verifyCaller: async () => ({ kind: "user", objectId: "ada", tenantId: "tenant", roles: [this.role] }),
    } as unknown as Services;
    const answer = await bound.answer(services, request, new InvocationContext({ invocationId: "i", functionName: bound.route.name }));
    const own = answer.jsonBody ?? (typeof answer.body === "string" ? JSON.parse(answer.body) : undefined);
    // As JSON, so that what a member without a value comes to is what a caller sees.
    return {
      status: answer.status ?? 200,
      headers: { ...answer.headers } as Record<string, string>,
      body: own && JSON.parse(JSON.stringify(own)),
    };
  }
}

/** The first route in order of name whose template fits, as the host finds it. */
function find(method: HttpMethod, path: string) {
  for (const bound of [...routes].sort((a, b) => (a.route.name.toLowerCase() < b.route.name.toLowerCase() ? -1 : 1))) {
    if (bound.route.method !== method) continue;
    const names = [...bound.route.path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
    const pattern = new RegExp(`^${bound.route.path.replaceAll(".", "\\.").replace(/\{\w+\}/g, "([^/]+)")}$`);
    const values = pattern.exec(path)?.slice(1);
    if (values) return { bound, params: Object.fromEntries(names.map((name, at) => [name, decodeURIComponent(values[at] ?? "")])) };
  }
  throw new Error(`no route takes ${method} ${path}`);
}
