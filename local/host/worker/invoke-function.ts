import type { Invocation, InvocationResult, TypedData } from "../contract.ts";
import type { CoreInvocationContext, FunctionCallback, InvocationModel, ProgrammingModel, RpcInvocationResponse } from "./core-api.ts";
import { hookContext } from "./hook-context.ts";
import type { Registration, Registry } from "./registry.ts";

/** What an invocation needs of its surroundings. */
export interface InvocationHost {
  readonly registry: Registry;
  /** Absent in an app without functions. */
  readonly model: ProgrammingModel | undefined;
  readonly appHookData: Record<string, unknown>;
  /** Delivers a line of the app's; `context` is the handler's, once there is one. */
  log(core: CoreInvocationContext, context: unknown): CoreInvocationContext["log"];
}

/**
 * Runs one function as the Node worker does: arguments, pre-invocation hooks (which may replace inputs and handler), the
 * handler, post-invocation hooks (which may replace result and error), response.
 * @throws whatever the handler or a hook threw.
 */
export async function invokeFunction(
  host: InvocationHost,
  programmingModel: ProgrammingModel,
  target: Registration,
  invocation: Invocation,
  invocationId: string,
): Promise<InvocationResult> {
  const core = coreContext(target, invocation, invocationId);
  let context: unknown;
  core.log = (level, category, message) => host.log(core, context)(level, category, message);
  const model = programmingModel.getInvocationModel(core);
  const args = await model.getArguments();
  context = args.context;
  const outcome = await runWithHooks(host, core, model, target.callback, args);
  if (outcome.error !== undefined && outcome.error !== null) throw outcome.error;
  return toResult(await model.getResponse(context, outcome.result));
}

function coreContext(target: Registration, invocation: Invocation, invocationId: string): CoreInvocationContext {
  const inputData = Object.entries(invocation.inputs).map(([name, data]) => ({ name, data }));
  return {
    invocationId,
    metadata: target.metadata,
    request: {
      invocationId,
      functionId: target.metadata.functionId ?? target.metadata.name,
      inputData,
      triggerMetadata: invocation.triggerMetadata ?? {},
      ...(invocation.retryContext ? { retryContext: invocation.retryContext } : {}),
    },
    log: () => {},
  };
}

async function runWithHooks(
  host: InvocationHost,
  core: CoreInvocationContext,
  model: InvocationModel,
  callback: FunctionCallback,
  { context, inputs }: { context: unknown; inputs: unknown[] },
): Promise<{ result: unknown; error: unknown }> {
  const fixed = { hookData: {}, appHookData: host.appHookData, invocationContext: context };
  core.state = "preInvocationHooks";
  const before = await runHooks(host, "preInvocation", fixed, { functionCallback: callback, inputs });
  core.state = "invocation";
  const outcome: { result: unknown; error: unknown } = { result: undefined, error: undefined };
  try {
    outcome.result = await model.invokeFunction(context, before.inputs, before.functionCallback);
  } catch (error) {
    outcome.error = error;
  }
  core.state = "postInvocationHooks";
  const after = await runHooks(host, "postInvocation", fixed, { inputs: before.inputs, ...outcome });
  core.state = undefined; // from here on the library warns of log calls that come too late
  return after;
}

async function runHooks<Open extends object>(
  host: InvocationHost,
  name: "preInvocation" | "postInvocation",
  fixed: object,
  open: Open,
): Promise<Open> {
  const hooks = host.registry.hooks(name);
  if (hooks.length === 0) return open;
  const context = hookContext(fixed, open);
  for (const hook of [...hooks]) await hook(context as Record<string, unknown>);
  return context;
}

function toResult(response: RpcInvocationResponse): InvocationResult {
  const outputs: Record<string, TypedData> = {};
  for (const { name, data } of response.outputData ?? []) outputs[name] = data;
  return { returnValue: response.returnValue ?? undefined, outputs };
}
