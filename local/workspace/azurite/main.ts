import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { lockState } from "../../clouds/state-lock.ts";
import { startAzurite } from "./server.ts";

/** After this long the process ends with requests under way; what they had written is on disk but for the last half second. */
const STOP_MS = 1_000;

const Config = z.object({
  folder: z.string().min(1),
  port: z.int().min(1).max(65_535),
  account: z.object({ name: z.string().min(3), key: z.base64().min(16) }),
});

/**
 * The process of Azurite's blob service. What it is to be comes as the first message of the process that forked it; it says
 * `{ready: true}` or `{error}`. `{stop: true}`, SIGTERM, SIGINT and its parent's end have it write everything to disk and end.
 */
async function main(): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT", "disconnect"]) process.once(signal, () => resolve());
    process.on("message", (message) => {
      if (z.object({ stop: z.literal(true) }).safeParse(message).success) resolve();
    });
  });
  try {
    const { folder, port, account } = Config.parse(await new Promise((resolve) => process.once("message", resolve)));
    const lock = lockState(folder); // two on one folder would start, and the last to save would win
    const azurite = await startAzurite({ folder, port, account });
    process.send?.({ ready: true });
    await stopped;
    await Promise.race([azurite.close(), delay(STOP_MS)]);
    lock.release();
    process.exit(0);
  } catch (error) {
    console.error(error);
    const message = error instanceof Error ? error.message : String(error);
    if (process.connected) process.send?.({ error: message }, () => process.exit(1));
    else process.exit(1);
  }
}

await main();
