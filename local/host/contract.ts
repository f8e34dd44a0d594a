/**
 * What the parts of the embedded host know of one another: the worker half runs functions, the durable half runs
 * orchestrations through it, the HTTP half and the listeners call both. Shapes are those of the Functions host's own
 * protocol with its Node worker.
 */

/** A value on its way into or out of JavaScript: exactly one member is set; absent or empty means undefined. */
export interface TypedData {
  string?: string;
  json?: string;
  bytes?: Uint8Array;
  int?: number | bigint;
  double?: number;
  http?: unknown;
  collectionString?: { string: string[] };
  collectionBytes?: { bytes: Uint8Array[] };
}

/** One binding as `@azure/functions` registers it; other members depend on `type`. */
export interface Binding {
  type: string;
  direction?: string;
  [option: string]: unknown;
}

/** One registered function. `bindings` is keyed by binding name. */
export interface RegisteredFunction {
  readonly name: string;
  readonly bindings: Readonly<Record<string, Binding>>;
  /** The one binding whose type ends in "Trigger". */
  readonly trigger: { readonly name: string; readonly binding: Binding };
  readonly retryOptions?: unknown;
}

/** What to hand one function. `inputs` is keyed by binding name; every name must be a binding of the function. */
export interface Invocation {
  functionName: string;
  inputs: Record<string, TypedData>;
  triggerMetadata?: Record<string, TypedData>;
  invocationId?: string;
  /** Set from the second try on, for triggers whose functions the host tries again. */
  retryContext?: { retryCount: number; maxRetryCount: number; exception?: { message: string } };
}

/** What came out: `returnValue` is the handler's, `outputs` is keyed by binding name. */
export interface InvocationResult {
  returnValue: TypedData | undefined;
  outputs: Record<string, TypedData>;
}

/** Runs functions of the loaded app. */
export interface Worker {
  /** By name as registered; the host compares names ignoring case. */
  readonly functions: ReadonlyMap<string, RegisteredFunction>;
  /** @throws whatever the handler or a hook threw, untouched: it may be no Error at all. */
  invoke(invocation: Invocation): Promise<InvocationResult>;
}

/** A request to one of the host's own endpoints (`/runtime/webhooks/…`), body read already. `path` is relative to where it is mounted. */
export interface HostRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  /** Lower-case names. */
  headers: Record<string, string>;
  body: Uint8Array;
  /** Scheme, host and port that the caller used. */
  origin: string;
}

/** The answer; a string body goes out as it is. */
export interface HostResponse {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** Structured log line of the host itself; the durable half logs an error through it for what the real one lets slip. */
export type HostLog = (level: "debug" | "information" | "warning" | "error", message: string, detail?: Record<string, unknown>) => void;

/** Time as the host sees it; in simulation it is virtual and nothing waits. */
export interface HostClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once at or after `at`; the returned function cancels. */
  setTimer(at: number, callback: () => void): () => void;
  /** Calls back in a later turn of the event loop, after everything already queued. */
  defer(callback: () => void): void;
}

/** Randomness: ids come from here, so that a seed reproduces a run. */
export interface HostRandom {
  /** 32 lower-case hexadecimal digits. */
  hex32(): string;
}

/** What the durable half offers to the rest of the host. */
export interface Durable {
  /** JSON text of the `durableClient` input binding. `origin` is where this host answers, e.g. `http://127.0.0.1:7071`. */
  clientBinding(origin: string): string;
  /** The management API; mounted at `/runtime/webhooks/durabletask` and, for the JavaScript client, at `/durabletask` on the RPC listener. */
  handle(request: HostRequest): Promise<HostResponse>;
  /** Re-delivers what a former process left, then runs. */
  start(): Promise<void>;
  /** Takes no new work, lets running invocations end or abandons them after `graceMs`, closes the state. Abandoned activities run again at the next start. */
  stop(graceMs?: number): Promise<void>;
  /** Resolves when everything that the host has accepted so far is on disk: the HTTP half awaits it before it answers the world outside. */
  durable(): Promise<void>;
  /**
   * To be called before a request: what it gives resolves when what the host accepts from then on is on disk. While the state cannot be written it
   * resolves as well where nothing was lost or refused meanwhile, for then the request has left nothing with the host.
   */
  since(): () => Promise<void>;
  /** Resolves when everything that the host has accepted so far outlives this process, though perhaps not a loss of power. */
  committed(): Promise<void>;
}
