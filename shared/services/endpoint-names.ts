import { ProblemError } from "../domain/problems.ts";
import type { Clock } from "../ports/clock.ts";
import type { NameClaim, PipelineStore } from "../ports/pipeline-store.ts";

interface EndpointNamesDeps {
  pipelines: PipelineStore;
  clock: Clock;
}

/** So long a claim holds for whoever is about to make or rename an endpoint; one that died in between holds it no longer. */
const CLAIM_MS = 60_000;
const LONG_AGO = new Date(0).toISOString();

/**
 * Makes a name lead to an endpoint that gets it by what is done then. Where that fails the name is free again.
 * @throws {ProblemError} conflict when another has the name.
 */
export async function withName<T>(deps: EndpointNamesDeps, name: string, id: string, then: () => Promise<T>): Promise<T> {
  await claimName(deps, name, id);
  try {
    return await then();
  } catch (error) {
    await releaseName(deps, name, id);
    throw error;
  }
}

async function claimName({ pipelines, clock }: EndpointNamesDeps, name: string, id: string): Promise<void> {
  for (;;) {
    const claim = await pipelines.endpointName(name);
    if (claim && claim.value.id !== id && (await isHeld({ pipelines, clock }, name, claim.value)))
      throw new ProblemError({
        kind: "conflict",
        message: `pipeline endpoint ${JSON.stringify(name)} is there already`,
        remedy: "choose another name, or add a version to that one: POST /api/pipeline-endpoints/{name}/versions",
      });
    if (await pipelines.claimEndpointName(name, { id, at: new Date(clock.now()).toISOString() }, claim?.etag)) return;
  }
}

/** Gives a name back that an endpoint has no longer, or never came to have. */
export async function releaseName({ pipelines }: EndpointNamesDeps, name: string, id: string): Promise<void> {
  const claim = await pipelines.endpointName(name);
  if (claim?.value.id === id) await pipelines.claimEndpointName(name, { id, at: LONG_AGO }, claim.etag);
}

async function isHeld({ pipelines, clock }: EndpointNamesDeps, name: string, { id, at }: NameClaim): Promise<boolean> {
  const endpoint = await pipelines.endpoints.find(id);
  return endpoint?.value.name === name || clock.now() - Date.parse(at) < CLAIM_MS;
}
