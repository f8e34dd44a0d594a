import type { DurableClient } from "durable-functions";
import { ManagementApi } from "../../local/host/durable/management-api.ts";
import { type ComputeBackend, ComputeError } from "../../shared/ports/compute-backend.ts";
import type { Documents } from "../../shared/ports/documents.ts";
import { managementRequest } from "../support/management-request.ts";
import { call, computeTrouble, hostTrouble, storeTrouble } from "./connections.ts";
import type { Host, Invocation } from "./host.ts";
import type { World } from "./world.ts";

/** The store as one host reaches it. */
export function documentsFor(world: World, host: Host): Documents {
  const { documents } = world;
  const write = <T>(what: string, act: () => T) =>
    call(
      world,
      host.scope,
      what,
      () => {
        const done = act();
        if (done === undefined) world.trace("  which was refused");
        else world.wroteDocument(host);
        return done;
      },
      { trouble: storeTrouble(world, true) },
    );
  const read = <T>(what: string, act: () => T) => call(world, host.scope, what, act, { trouble: storeTrouble(world, false) });
  return {
    create: (pk, sk, value) => write(`create ${pk}/${sk}`, () => documents.create(pk, sk, value)),
    replace: (pk, sk, value, etag) => write(`replace ${pk}/${sk}`, () => documents.replace(pk, sk, value, etag)),
    read: (pk, sk) => read(`read ${pk}/${sk}`, () => documents.read(pk, sk)),
    list: (pk, options) => read(`list ${pk}/${options.prefix ?? ""}`, () => documents.list(pk, options)),
    durable: () => call(world, host.scope, "sync store", () => documents.journal.sync()),
    close: async () => {},
  };
}

/** The compute service as one invocation of one host reaches it. */
export function computeFor(world: World, host: Host, invocation: Invocation): ComputeBackend {
  const { remote } = world;
  const reach = <T>(what: string, act: () => T) => call(world, host.scope, what, act, { trouble: computeTrouble(world), leavesHost: true });
  const planOf = (stepRunId: string) => world.jobPlan(stepRunId);
  return {
    kind: "azureml",
    async submit(request, beforeSubmit) {
      await beforeSubmit();
      await reach(`submit ${request.key}`, () => {
        const plan = planOf(request.properties["penstock.steprunid"] ?? "");
        if (plan.ends === "refused") throw new ComputeError("Refused", `job ${request.key} is not taken`, { retryable: false });
        world.submitting = invocation;
        remote.submit(request, plan);
      });
      return { backend: "azureml", id: request.key };
    },
    observe: ({ id }) =>
      reach(`observe ${id}`, () => {
        const state = remote.observe(id);
        if (state.status !== "lost" && planOf(id.replace(/_.*/, "")).ends === "unreadable")
          throw new ComputeError("Refused", `nothing is told of job ${id}`, { retryable: false });
        world.trace(`  ${state.status}`);
        return state;
      }),
    cancel: ({ id }) => reach(`cancel ${id}`, () => remote.cancel(id)),
    logFolders: () => [],
    artifactFolder: ({ id }) => ({ datastore: "workspaceartifactstore", prefix: id }),
  };
}

/** The three calls of the durable client that the app makes, over the host's own API as its HTTP half serves it. */
export function durableClientFor(world: World, host: Host, invocation: Invocation): DurableClient {
  const api = new ManagementApi(host.engine);
  const request = async (what: string, method: string, path: string, body?: unknown) =>
    await call(
      world,
      host.scope,
      what,
      async () => {
        world.starting = invocation;
        const answering = api.handle(managementRequest(method, path, body));
        world.starting = undefined;
        const answer = await answering;
        if (answer.status < 400 && method !== "GET") await host.engine.commits.durable();
        return answer;
      },
      { trouble: hostTrouble(world) },
    );
  const refused = ({ status, body = "" }: { status: number; body?: string }) =>
    new Error(`The operation failed with an unexpected status code: ${status}. Details: ${body}`);
  const client: Pick<DurableClient, "startNew" | "getStatus" | "raiseEvent"> = {
    async startNew(name, options) {
      const id = options?.instanceId ?? "";
      const answer = await request(`start ${name} ${id}`, "POST", `/orchestrators/${name}/${id}`, options?.input);
      if (answer.status !== 202) throw refused(answer);
      return id;
    },
    async getStatus(id) {
      const answer = await request(`look at ${id}`, "GET", `/instances/${id}`);
      if (answer.status === 404) throw new Error("DurableClient error: Durable Functions extension replied with HTTP 404 response.");
      if (answer.status !== 200 && answer.status !== 202) throw refused(answer);
      return JSON.parse(answer.body ?? "null");
    },
    async raiseEvent(id, name, data) {
      const answer = await request(`raise ${name} ${id}`, "POST", `/instances/${id}/raiseEvent/${name}`, data);
      if (answer.status === 404) throw new Error(`No instance with ID '${id}' found.`);
      if (answer.status !== 202 && answer.status !== 410) throw refused(answer);
    },
  };
  return client as DurableClient;
}
