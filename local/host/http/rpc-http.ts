import type { IncomingMessage } from "node:http";
import type { TypedData } from "../contract.ts";
import type { RouteValues } from "./match-route.ts";
import type { RpcCookie } from "./set-cookie.ts";

type NullableStrings = Record<string, { value: string }>;

/** An HTTP response as `@azure/functions` hands it over; it is the library that made it, so only the parts in use are named. */
export interface RpcHttpResponse {
  statusCode?: string;
  headers?: Record<string, string>;
  cookies?: RpcCookie[];
  body?: { bytes?: Uint8Array } | null;
}

/** A request as `@azure/functions` takes it. Objects have no prototype: their keys are the caller's. */
export function toRpcHttp(
  request: IncomingMessage,
  url: string,
  query: URLSearchParams | undefined,
  values: RouteValues,
  body: Uint8Array,
): TypedData {
  return {
    http: {
      method: request.method,
      url,
      nullableHeaders: nullableHeaders(request),
      nullableQuery: nullableQuery(query),
      nullableParams: wrap(values),
      ...(body.length > 0 ? { body: { bytes: body } } : {}),
    },
  };
}

function nullableHeaders(request: IncomingMessage): NullableStrings {
  const headers: NullableStrings = Object.create(null);
  for (const name in request.headers) {
    const value = request.headers[name];
    if (value !== undefined) headers[name] = { value: typeof value === "string" ? value : value.join(",") };
  }
  return headers;
}

/** A key given several times has its values joined by commas. */
function nullableQuery(query: URLSearchParams | undefined): NullableStrings {
  const result: NullableStrings = Object.create(null);
  for (const [name, value] of query ?? []) {
    const before = result[name];
    result[name] = { value: before ? `${before.value},${value}` : value };
  }
  return result;
}

function wrap(values: RouteValues): NullableStrings {
  const result: NullableStrings = Object.create(null);
  for (const name in values) result[name] = { value: values[name] ?? "" };
  return result;
}

/** The response in what a function returned; undefined if it returned none. The library checked it when it made it. */
export function fromRpcHttp(data: TypedData | undefined): RpcHttpResponse | undefined {
  return data?.http as RpcHttpResponse | undefined;
}
