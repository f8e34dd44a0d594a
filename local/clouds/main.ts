import process from "node:process";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { type Clouds, startClouds } from "./clouds.ts";
import { readConfig } from "./config.ts";
import { logLine } from "./log-line.ts";

/** After this long the process ends whatever is still under way; what is on disk is sound at any moment. */
const STOP_MS = 1_400;

const Order = z.union([
  z.object({ startWaiting: z.literal(true) }),
  z.object({ stop: z.literal(true), preempt: z.boolean().default(true) }),
]);

/**
 * The process of all stand-ins. Its configuration (`CloudsConfig`) comes as the first message of the process that forked it, or as JSON
 * on standard input. It says `{ready: true, address, port, liveJobs}` or `{error}`, by message or as one line on standard output.
 *
 * `{startWaiting: true}` lets jobs of the last time start that wait; without a parent they start at once.
 *
 * `{stop: true, preempt}`, SIGTERM and SIGINT end it, and running jobs go back to the queue. When its parent vanishes it leaves at once
 * and touches no job: those run on, and the next start takes them over.
 */
async function main(): Promise<void> {
  let clouds: Clouds | undefined;
  let stopping = false;
  const stop = (preempt: boolean) => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), STOP_MS);
    void Promise.resolve(clouds?.stop({ preempt }))
      .catch((error: unknown) => logLine(error))
      .finally(() => process.exit(0));
  };
  process.on("SIGTERM", () => stop(true));
  process.on("SIGINT", () => stop(true));
  process.on("disconnect", () => process.exit(0));
  try {
    const config = readConfig(await receiveConfig());
    process.on("message", (message) => {
      const { data: order } = Order.safeParse(message);
      if (order && "stop" in order) stop(order.preempt);
      else if (order) clouds?.startWaiting();
    });
    clouds = await startClouds(config);
    if (!process.connected) clouds.startWaiting();
    say({ ready: true, address: clouds.address, port: clouds.port, liveJobs: clouds.liveJobs() });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    logLine(error);
    say({ error: message }, () => process.exit(1));
  }
}

function receiveConfig(): Promise<unknown> {
  if (process.connected) return new Promise((resolve) => process.once("message", resolve));
  return text(process.stdin).then((json) => JSON.parse(json));
}

function say(message: object, then: () => void = () => {}): void {
  if (process.connected) process.send?.(message, then);
  else process.stdout.write(`${JSON.stringify(message)}\n`, then);
}

await main();
