import type { Durable } from "../contract.ts";
import { clientBinding } from "./client-urls.ts";
import { Engine } from "./engine.ts";
import { ManagementApi } from "./management-api.ts";
import type { DurableParts } from "./options.ts";

/**
 * The durable half of the host over its parts. It does nothing before `start`.
 * @throws {Error} the app has an entity, which this host does not offer.
 */
export function createDurable(parts: DurableParts): Durable {
  const engine = new Engine(parts);
  const api = new ManagementApi(engine);
  const { hubName, systemKey, rpcBaseUrl } = parts.options;
  return {
    clientBinding: (origin) => clientBinding({ origin, hubName, systemKey, rpcBaseUrl }),
    handle: (request) => api.handle(request),
    start: async () => engine.start(),
    stop: (graceMs = 0) => engine.stop(graceMs),
    durable: () => engine.commits.durable(),
    committed: () => engine.commits.committed(),
  };
}
