import { HttpRequest, InvocationContext } from "@azure/functions";
import { httpRoute } from "../../functions/http-route.ts";
import type { Route } from "../../shared/api/route.ts";
import type { Services } from "../../shared/composition.ts";
import { anId } from "../support/graphs.ts";

export interface Asked {
  params?: Record<string, string>;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: unknown;
}

/** What a route answers to a request before any service is asked: 299 when it takes it, else its refusal. */
export async function ask(route: Route, { params = {}, query = {}, headers = {}, body }: Asked): Promise<string> {
  const bytes = Buffer.from(JSON.stringify(body ?? {}));
  const bound = httpRoute(route, () => async () => ({ status: 299, body: "" }));
  const answer = await bound.answer(
    { verifyCaller: async () => ({ kind: "user", objectId: "o", tenantId: "t", roles: ["Admin"] }) } as unknown as Services,
    new HttpRequest({
      method: route.method,
      url: `http://localhost/${route.path}?${new URLSearchParams(query)}`,
      params: { runId: anId(1), name: "n", uploadId: anId(2), ...params },
      headers: { "content-type": "application/json", "content-length": String(bytes.length), ...headers },
      ...(route.body && { body: { bytes } }),
    }),
    new InvocationContext({ functionName: route.name, logHandler: () => {} }),
  );
  return `${answer.status} ${String(answer.body)}`;
}
