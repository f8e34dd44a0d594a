import { ManagementApi } from "../../local/host/durable/management-api.ts";
import { JobStatusEvent } from "../../shared/api/events.ts";
import type { Services } from "../../shared/composition.ts";
import { PipelineGraph } from "../../shared/domain/pipeline-graph.ts";
import { ProblemError } from "../../shared/domain/problems.ts";
import type { Principal } from "../../shared/ports/callers.ts";
import type { ProbePlan } from "./probe-plans.ts";
import type { Job } from "./remote-compute.ts";
import type { SimulatedRun } from "./scenario.ts";
import type { World } from "./world.ts";

const CALLER: Principal = { kind: "user", objectId: "ada", tenantId: "tenant", roles: ["Admin"] };

/** Puts everybody to work who wants something of the host. */
export function startClients(world: World): void {
  for (const run of world.scenario.runs) employ(world, () => submitAndFollow(world, run));
  for (const probe of world.scenario.probes) for (const work of probeClients(world, probe)) employ(world, work);
  world.remote.onChange = (job) => notify(world, job);
}

function employ(world: World, work: () => Promise<void>): void {
  world.clients++;
  work().then(
    () => world.clients--,
    (error: unknown) => world.violated("no-bugs", `a client met ${error instanceof Error ? error.stack : String(error)}`),
  );
}

/** Asks until the host answers at all; an answer may be a problem. */
async function insist<T>(world: World, name: string, work: (services: Services) => Promise<T>): Promise<T> {
  for (;;) {
    try {
      const { host } = world;
      if (host) return await host.request(name, work);
    } catch (error) {
      if (error instanceof ProblemError) throw error;
      world.trace(`${name} is to be asked again: ${error instanceof Error ? error.message : String(error)}`);
    }
    await world.scheduler.sleep(world.chance.between(50, 3000));
  }
}

async function submitAndFollow(world: World, run: SimulatedRun): Promise<void> {
  await world.scheduler.sleep(run.submitMs);
  const runId = await submit(world, run);
  if (runId === undefined) return;
  world.submitted.set(run.name, runId);
  world.trace(`submit of ${run.name} is acknowledged as ${runId}`);
  if (run.cancelAfterMs !== undefined) employ(world, () => cancel(world, runId, run.cancelAfterMs ?? 0));
  for (const afterMs of run.resubmitAfterMs) employ(world, () => submitAgain(world, run, runId, afterMs));
}

/** @returns undefined when no answer came and asking again would be another run. */
async function submit(world: World, run: SimulatedRun): Promise<string | undefined> {
  const work = async (services: Services) => {
    const { runId } = await services.submitRun({ caller: CALLER, request: requestOf(run), idempotencyKey: run.idempotencyKey });
    return runId;
  };
  if (run.idempotencyKey !== undefined) return await insist(world, `submit ${run.name}`, work);
  return await world.host?.request(`submit ${run.name}`, work).catch(() => undefined);
}

async function submitAgain(world: World, run: SimulatedRun, runId: string, afterMs: number): Promise<void> {
  await world.scheduler.sleep(afterMs);
  const again = await submit(world, run);
  world.trace(`submit of ${run.name} again is acknowledged as ${again}`);
  if (again !== runId) world.violated("submit-kept", `${run.name} was ${runId} and is ${again} when it is submitted again under its key`);
}

async function cancel(world: World, runId: string, afterMs: number): Promise<void> {
  await world.scheduler.sleep(afterMs);
  try {
    await insist(world, `cancel ${runId}`, (services) => services.cancelRun(runId));
  } catch (error) {
    if (!(error instanceof ProblemError && error.problem.kind === "conflict")) throw error;
    world.trace(`cancel of ${runId} comes too late`);
    return;
  }
  world.canceled.set(runId, world.scheduler.now);
  world.trace(`cancel of ${runId} is acknowledged`);
}

function requestOf({ name, edges, continueOnStepFailure }: SimulatedRun) {
  const pipeline = PipelineGraph.parse({
    name,
    steps: edges.map((dependencies, step) => ({
      type: "CommandStep",
      key: `s${step}`,
      command: [`echo ${name} s${step}`], // of its own, so that no run takes another's results
      runAfter: dependencies.map((dependency) => `s${dependency}`),
    })),
  });
  return {
    experimentName: "simulated",
    displayName: name,
    pipeline,
    parameters: {},
    tags: {},
    properties: {},
    continueOnStepFailure,
    regenerateOutputs: false,
    warnings: [],
  };
}

/** The service tells of a job's change: as a rule once and soon; sometimes late, twice, after a later one, or never. */
function notify(world: World, job: Job): void {
  const { chance, faults } = world;
  const status = job.state.status;
  const [isLost, isLate, isDoubled] = [chance.yes(faults.noticeLost), chance.yes(faults.noticeLate), chance.yes(faults.noticeDoubled)];
  if (isLost) return;
  const late = () => (isLate ? 10 ** chance.between(1, 6) : chance.between(0, 2));
  for (const ms of isDoubled ? [late(), late()] : [late()]) world.scheduler.after(ms, () => deliver(world, job.key, status));
}

function deliver(world: World, jobKey: string, status: string): void {
  const event = { id: "e", eventType: "Microsoft.MachineLearningServices.RunStatusChanged", data: { runId: jobKey, runStatus: status } };
  const delivered = world.host?.request("notice", (services) => services.noteJobChange(JobStatusEvent.parse(event)));
  delivered?.catch(() => world.trace(`notice of ${jobKey} was not taken`));
}

function probeClients(world: World, probe: ProbePlan): (() => Promise<void>)[] {
  const start = async () => {
    await world.scheduler.sleep(probe.startMs);
    await startProbe(world, probe);
    if (probe.kind === "walker") return;
    for (let client = 0; client < probe.clients; client++) employ(world, () => raiseItems(world, probe, client));
  };
  return [start];
}

async function startProbe(world: World, probe: ProbePlan): Promise<void> {
  const [name, input] =
    probe.kind === "walker"
      ? ["probeWalker", { ops: probe.ops, results: [] }]
      : ["probeCollector", { items: probe.items, perGeneration: probe.perGeneration, got: [] }];
  await insist(world, `start ${probe.id}`, async () => {
    // One that is there was started by a request whose answer was lost.
    if (world.instances.instance(probe.id)) return;
    expectStatus(await manage(world, `/orchestrators/${name}/${probe.id}`, input), 202);
  });
  world.trace(`start of ${probe.id} is acknowledged`);
  world.promised.add(probe.id);
}

/** Each client raises every so many-th item, in order. */
async function raiseItems(world: World, probe: Extract<ProbePlan, { kind: "collector" }>, client: number): Promise<void> {
  for (let item = client; item < probe.items; item += probe.clients) {
    await insist(world, `raise ${item} to ${probe.id}`, async () => {
      world.raised.set(`${probe.id} ${item}`, (world.raised.get(`${probe.id} ${item}`) ?? 0) + 1);
      expectStatus(await manage(world, `/instances/${probe.id}/raiseEvent/item`, item), 202, 410);
    });
    world.trace(`item ${item} of ${probe.id} is acknowledged`);
    await world.scheduler.sleep(world.chance.between(0, probe.pauseMs));
  }
}

async function manage(world: World, path: string, body: unknown): Promise<number> {
  const { host } = world;
  if (!host) throw new Error("there is no host");
  const { status } = await new ManagementApi(host.engine).handle({
    method: "POST",
    path,
    query: new URLSearchParams(),
    headers: { "content-type": "application/json" },
    body: Buffer.from(JSON.stringify(body)),
    origin: "http://127.0.0.1:7071",
  });
  return status;
}

function expectStatus(status: number, ...allowed: number[]): void {
  if (!allowed.includes(status)) throw new Error(`the host answers ${status}`);
}
