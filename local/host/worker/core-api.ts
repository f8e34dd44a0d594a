/**
 * The types of `@azure/functions-core`, the module that the Functions worker gives to an app and that `@azure/functions`
 * is written against. Only what the published libraries use.
 */
import type { Binding, TypedData } from "../contract.ts";

export type LogLevel = "trace" | "debug" | "information" | "warning" | "error" | "critical" | "none";
export type LogCategory = "user" | "system" | "customMetric";
export type FunctionCallback = (...args: unknown[]) => unknown;
export type HookCallback = (context: Record<string, unknown>) => unknown;

export const HOOK_NAMES = ["appStart", "appTerminate", "preInvocation", "postInvocation", "log"] as const;
export type HookName = (typeof HOOK_NAMES)[number];

/** What an app registers. `functionId` is absent in everything that `@azure/functions` makes. */
export interface FunctionMetadata {
  name: string;
  functionId?: string;
  bindings: Record<string, Binding>;
  retryOptions?: RetryOptions;
}

/** Intervals are in seconds. */
export interface RetryOptions {
  maxRetryCount: number;
  retryStrategy?: "fixedDelay" | "exponentialBackoff";
  delayInterval?: { seconds: number };
  minimumInterval?: { seconds: number };
  maximumInterval?: { seconds: number };
}

export interface RpcInvocationRequest {
  invocationId: string;
  functionId: string;
  inputData: { name: string; data: TypedData }[];
  triggerMetadata: Record<string, TypedData>;
  retryContext?: unknown;
}

export interface RpcInvocationResponse {
  invocationId?: string;
  outputData?: { name: string; data: TypedData }[];
  returnValue?: TypedData | null;
}

/** One invocation as the programming model sees it; `state` moves as the invocation does. */
export interface CoreInvocationContext {
  invocationId: string;
  metadata: FunctionMetadata;
  request: RpcInvocationRequest;
  state?: "preInvocationHooks" | "invocation" | "postInvocationHooks" | undefined;
  log(level: LogLevel, category: LogCategory, message: string): void;
}

export interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], callback: FunctionCallback): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<RpcInvocationResponse>;
}

export interface ProgrammingModel {
  name: string;
  version: string;
  getInvocationModel(context: CoreInvocationContext): InvocationModel;
  getCapabilities(defaults: Record<string, string>): Promise<Record<string, string>>;
}

/** The members of the module itself. */
export interface CoreApi {
  version: string;
  hostVersion: string;
  registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): unknown;
  registerHook(name: string, callback: HookCallback): unknown;
  setProgrammingModel(model: ProgrammingModel): void;
  getProgrammingModel(): ProgrammingModel | undefined;
  log(level: LogLevel, category: LogCategory, message: string): void;
  Disposable: unknown;
}
