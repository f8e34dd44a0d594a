import { setTimeout as delay } from "node:timers/promises";
import type { ApiClient } from "../../sdk/client.ts";
import { UserError } from "../../sdk/user-error.ts";
import type { StepResource } from "../../shared/api/resources.ts";
import type { RunId } from "../../shared/domain/ids.ts";
import { isSettled } from "../../shared/domain/statuses.ts";
import type { CommandContext } from "../command-context.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { followRun } from "../follow-run.ts";
import { LinePrefixer } from "../line-prefixer.ts";
import { logPaths, readLog } from "../read-log.ts";
import { resolveRun, resolveSteps } from "../resolve-run.ts";
import { harmless, padText, textWidth } from "../text-width.ts";

/** Between two looks for a log that was not there before, in ms. */
const NEW_LOGS_MS = 1000;

export interface LogsFlags {
  readonly follow?: boolean;
  readonly attempt?: number;
}

/** How far a step is, as who follows its logs must know. */
interface Standing {
  readonly hasEnded: boolean;
  readonly attempt: number;
}

/** Where the bytes of one log go. */
interface Sink {
  write(bytes: Uint8Array): void;
  end(): void;
}

/** `run logs RUN [STEP]`: one step's logs as they are; those of all steps with the step before each line. */
export async function logs(context: CommandContext, reference: string, step: string | undefined, flags: LogsFlags): Promise<ExitCode> {
  if (context.isJson) throw new UserError("usage", "logs are text: --output json is not for them", { remedy: "leave --output out" });
  const client = context.client();
  const run = await resolveRun(client, reference);
  const { signal } = context.io;
  if (run.kind !== "pipelineRun") {
    const sink = rawSink(context);
    await (flags.follow
      ? followLogs(client, run.id, () => sink, standingOf(client, run.parentRunId, run.id), signal)
      : printLogs(client, run.id, sink, flags.attempt));
    return EXIT.ok;
  }
  const steps = await resolveSteps(client, run, step);
  const sinkOf = step === undefined && steps.length > 1 ? prefixedSinks(context, steps) : () => rawSink(context);
  if (flags.follow) await followSteps(client, run.id, new Set(steps.map(({ key }) => key)), sinkOf, signal);
  else for (const each of steps) await printLogs(client, each.runId, sinkOf(each), flags.attempt);
  return EXIT.ok;
}

async function printLogs(client: ApiClient, runId: RunId, sink: Sink, attempt: number | undefined): Promise<void> {
  for (const path of await logPaths(client, runId, attempt)) {
    for await (const bytes of readLog(client, runId, path, { attempt })) sink.write(bytes);
    sink.end();
  }
}

/** Begins with each step as it begins, and ends when all have ended. */
async function followSteps(
  client: ApiClient,
  runId: RunId,
  keys: ReadonlySet<string>,
  sinkOf: (step: StepResource) => Sink,
  signal: AbortSignal,
): Promise<void> {
  const ended = new Set<string>();
  const attempts = new Map<string, number>();
  const following = new Map<string, Promise<void>>();
  for await (const { steps } of followRun(client, runId, { signal })) {
    for (const step of steps) {
      if (!keys.has(step.key)) continue;
      if (isSettled(step.status)) ended.add(step.key);
      attempts.set(step.key, step.attempt);
      if (step.status === "NotStarted" || following.has(step.key)) continue;
      const follower = followLogs(
        client,
        step.runId,
        () => sinkOf(step),
        async () => ({ hasEnded: ended.has(step.key), attempt: attempts.get(step.key) ?? 1 }),
        signal,
      );
      // Its failure is met below, when all are waited for; meanwhile it must not count as unhandled.
      follower.catch(() => undefined);
      following.set(step.key, follower);
    }
    if ([...keys].every((key) => ended.has(key))) break;
  }
  await Promise.all(following.values());
}

/** Reads all logs of a step side by side, those that come later and those of later attempts too, until the step has ended. */
async function followLogs(
  client: ApiClient,
  runId: RunId,
  sinkOf: () => Sink,
  look: () => Promise<Standing>,
  signal: AbortSignal,
): Promise<void> {
  const reading = new Map<string, Promise<void>>();
  for (;;) {
    // Asked first: a log that comes after this look cannot come after the end.
    const { hasEnded, attempt: last } = await look();
    for (let attempt = 1; attempt <= last; attempt++) {
      for (const path of await logPaths(client, runId, attempt)) {
        const key = `${attempt} ${path}`;
        if (reading.has(key)) continue;
        const pumped = pump(client, runId, { path, attempt }, sinkOf(), signal);
        // Its failure is met below, when all are waited for; meanwhile it must not count as unhandled.
        pumped.catch(() => undefined);
        reading.set(key, pumped);
      }
    }
    if (hasEnded) break;
    await delay(NEW_LOGS_MS, undefined, { signal });
  }
  await Promise.all(reading.values());
}

async function pump(
  client: ApiClient,
  runId: RunId,
  { path, attempt }: { path: string; attempt: number },
  sink: Sink,
  signal: AbortSignal,
): Promise<void> {
  for await (const bytes of readLog(client, runId, path, { follow: true, attempt, signal })) sink.write(bytes);
  sink.end();
}

function standingOf(client: ApiClient, parent: string | undefined, stepRunId: RunId): () => Promise<Standing> {
  return async () => {
    const run = await resolveRun(client, stepRunId);
    return { hasEnded: parent === undefined || isSettled(run.status), attempt: run.attempt ?? 1 };
  };
}

function rawSink({ out }: CommandContext): Sink {
  return { write: (bytes) => void out.stream.write(bytes), end: () => undefined };
}

function prefixedSinks({ out }: CommandContext, steps: readonly StepResource[]): (step: StepResource) => Sink {
  const width = Math.min(30, Math.max(...steps.map(({ key }) => textWidth(key))));
  return ({ key }) => {
    const prefix = `${padText(harmless(key), width)} │ `;
    return new LinePrefixer(out.colors.dim(prefix), (line) => out.line(line));
  };
}
