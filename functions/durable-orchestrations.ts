import type { DurableClient } from "durable-functions";
import { StoreError } from "../shared/ports/documents.ts";
import type { Orchestrations } from "../shared/ports/orchestrations.ts";

const LIVE = new Set(["Pending", "Running", "ContinuedAsNew", "Suspended"]);

/** What is asked of the durable client of an invocation. */
export interface DurableCalls {
  startNew: DurableClient["startNew"];
  raiseEvent(instanceId: string, eventName: string, data: unknown): Promise<void>;
  getStatus(instanceId: string, options: { showInput: boolean }): Promise<{ runtimeStatus: string; customStatus?: unknown }>;
}

/** The port over the durable client of one invocation. */
export function durableOrchestrations(client: DurableCalls): Orchestrations {
  const orchestrations = overClient(client);
  return {
    look: (...args) => reaching(() => orchestrations.look(...args)),
    start: (...args) => reaching(() => orchestrations.start(...args)),
    raise: (...args) => reaching(() => orchestrations.raise(...args)),
  };
}

/** The extension's 503, which clients tell in these words alone: its state cannot be written at the moment, and trying again helps. */
async function reaching<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof Error && /\b(?:unexpected status code:|replied with HTTP) 503\b/.test(error.message))) throw error;
    throw new StoreError("unavailable", `the host cannot write its durable state at the moment: ${error.message}`, {
      cause: error,
      trouble: "host-cannot-write",
    });
  }
}

function overClient(client: DurableCalls): Orchestrations {
  const look = async (instanceId: string) => {
    try {
      const status = await client.getStatus(instanceId, { showInput: false });
      return { live: LIVE.has(status.runtimeStatus), customStatus: status.customStatus };
    } catch (error) {
      // The client says of an unknown instance only in these words; a bare 404 may be part of an id or a port.
      if (error instanceof Error && /\breplied with HTTP 404\b/.test(error.message)) return undefined;
      throw error;
    }
  };
  return {
    look,
    async start(name, instanceId, input) {
      try {
        await client.startNew(name, { instanceId, input });
      } catch (error) {
        // One that is live refuses a second start, which is what we want of it; each extension says so in other words.
        const there = await look(instanceId);
        if (there?.live) return;
        if (!there) throw error;
        // It may have been live when it refused, and have ended since. Started again it finds that, and ends at once.
        await client.startNew(name, { instanceId, input });
      }
    },
    async raise(instanceId, event, data) {
      try {
        await client.raiseEvent(instanceId, event, data);
      } catch (error) {
        // Unknown: its run has not started it yet, and it will look for itself when it begins.
        if (!(error instanceof Error && /^No instance with ID/.test(error.message))) throw error;
      }
    },
  };
}

/** For invocations that have no durable client: calling it is a bug of the route's binding. */
export const noOrchestrations: Orchestrations = {
  look: () => Promise.reject(new Error("this function has no durable client")),
  start: () => Promise.reject(new Error("this function has no durable client")),
  raise: () => Promise.reject(new Error("this function has no durable client")),
};
