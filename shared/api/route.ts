import type { z } from "zod";
import type { Role } from "../domain/roles.ts";

export type { Role };

/** A route as data: the Functions app binds a handler to it, the OpenAPI document and the clients are made from it. */
export interface Route {
  /** Name of the function; the host picks the first function in name order whose template fits. */
  readonly name: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Without a leading slash, parameters in braces: `api/runs/{runId}`. */
  readonly path: string;
  readonly summary: string;
  /** Who may call. */
  readonly role: Role;
  /** Whether the token of a step run is let in too: for that step run, its child runs, and metrics, tags and files of its parent. */
  readonly stepToken?: boolean;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  /** Whether it starts a run, for which it needs a durable client. */
  readonly submits?: boolean;
  /** Whether it checks a pipeline, and refuses with 422 what cannot run: a process takes on so many of these at a time. */
  readonly checksPipeline?: boolean;
  /** JSON body, or `bytes` for a body that is taken as it is. */
  readonly body?: z.ZodType | "bytes";
  /** Bytes of body at the most. */
  readonly maxBodyBytes?: number;
  /** Successful answers by status: a schema for JSON, `bytes` for a file, undefined for no body. */
  readonly replies: Readonly<Record<number, z.ZodType | "bytes" | undefined>>;
  /** Content type of an answer in `bytes`; absent: application/octet-stream. */
  readonly bytesType?: string;
}

/** Keeps the literal types of a route. */
export function route<const R extends Route>(definition: R): R {
  return definition;
}

/** Body limit of a JSON request unless a route says otherwise. */
export const JSON_BODY_BYTES = 1024 * 1024;
