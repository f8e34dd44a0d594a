import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StepResource } from "../../shared/api/resources.ts";
import type { RunHead } from "../../shared/domain/run-documents.ts";
import { hasEnded, type JobPlan } from "../support/fake-compute.ts";
import { aGraph } from "../support/graphs.ts";
import { randomFrom } from "../support/random.ts";
import { busy, RunRig } from "../support/run-rig.ts";

/** A pipeline, how its jobs go, when somebody cancels, and what goes wrong on the way. */
interface Scenario {
  steps: { needs: number[]; ends: "completed" | "failed" | "canceled"; afterMs: number; finalizes: boolean; deaf: boolean }[];
  continueOnStepFailure: boolean;
  cancelAtMs: number | undefined;
  seed: number;
  /** Chances of one in a hundred. */
  faults: {
    dropped: number;
    doubled: number;
    late: number;
    repeated: number;
    crashed: number;
    storeBusy: number;
    computeBusy: number;
    purged: number;
  };
}

const percent = (most: number) => fc.integer({ min: 0, max: most });
const aScenario: fc.Arbitrary<Scenario> = fc.record({
  steps: fc
    .array(
      fc.record({
        needs: fc.array(fc.nat(9), { maxLength: 3 }),
        ends: fc.oneof(
          { weight: 8, arbitrary: fc.constant("completed" as const) },
          fc.constantFrom("failed" as const, "canceled" as const),
        ),
        afterMs: fc.constantFrom(0, 1, 900, 5000, 20_000, 400_000),
        finalizes: fc.boolean(),
        deaf: fc.boolean(),
      }),
      { minLength: 1, maxLength: 10 },
    )
    .map((steps) => steps.map((step, index) => ({ ...step, needs: [...new Set(step.needs.filter((needed) => needed < index))] }))),
  continueOnStepFailure: fc.boolean(),
  cancelAtMs: fc.option(fc.constantFrom(0, 1, 900, 901, 5000, 20_000, 100_000), { nil: undefined, freq: 2 }),
  seed: fc.integer(),
  faults: fc.record({
    dropped: percent(60),
    doubled: percent(40),
    late: percent(40),
    repeated: percent(30),
    crashed: percent(20),
    storeBusy: percent(5),
    computeBusy: percent(30),
    purged: percent(10),
  }),
});

const key = (index: number) => `s${index}`;

async function play(scenario: Scenario): Promise<{ rig: RunRig; head: RunHead; steps: Record<string, StepResource> }> {
  const { steps, continueOnStepFailure, cancelAtMs, faults } = scenario;
  const random = randomFrom(scenario.seed);
  const chance = (of: number) => random() * 100 < of;
  const rig = await RunRig.open();
  rig.compute.plan = ({ displayName }): JobPlan => {
    const { ends, afterMs, finalizes, deaf } = steps[Number(displayName.slice(1))] ?? {
      ends: "completed",
      afterMs: 0,
      finalizes: false,
      deaf: false,
    };
    return {
      ends,
      afterMs,
      deaf,
      cancelMs: Math.floor(random() * 3000),
      hiddenMs: chance(10) ? 4000 : 0,
      ...(finalizes && { stuckAs: "finalizing" }),
    };
  };
  rig.notices = () => {
    if (chance(faults.dropped)) return [];
    const first = chance(faults.late) ? Math.floor(random() * 60_000) : 0;
    return chance(faults.doubled) ? [first, first + Math.floor(random() * 2000)] : [first];
  };
  rig.interpose = async (call) => {
    if (chance(20)) await rig.sleep(Math.floor(random() * 2000));
    if (chance(faults.crashed) && (await call.runUntilCall(Math.floor(random() * 12)))) await rig.sleep(Math.floor(random() * 3000));
    if (chance(faults.repeated)) await (chance(50) ? call.run() : Promise.all([call.run(), rig.sleep(10)]));
    return await call.run();
  };
  rig.compute.fault = () => {
    if (!chance(faults.computeBusy)) return undefined;
    const kinds = [
      { kind: "busy", retryAfterSeconds: 3 },
      { kind: "answerLost" },
      { kind: "slow", ms: 700 },
      { kind: "silent", takesEffect: chance(50) },
    ] as const;
    return kinds[Math.floor(random() * kinds.length)];
  };
  const graph = aGraph(Object.fromEntries(steps.map(({ needs }, index) => [key(index), needs.map(key)])));
  const runId = await rig.submit(graph, { continueOnStepFailure });
  rig.documents.before = async ({ by }) => {
    if (by !== undefined && chance(faults.storeBusy)) throw busy();
    if (chance(3)) await rig.sleep(Math.floor(random() * 50));
  };
  const everyMinute = () => {
    void rig.reconcile().catch(() => {});
    rig.clock.setTimer(rig.clock.now() + 60_000, everyMinute);
  };
  everyMinute();
  if (cancelAtMs !== undefined) rig.clock.setTimer(rig.clock.now() + cancelAtMs, () => void rig.services.cancelRun(runId).catch(() => {}));
  for (let n = 0; n < 5 && chance(faults.purged * 5); n++) {
    await rig.pass(Math.floor(random() * 20_000));
    const victim = chance(50) ? runId : await rig.stepRunId(runId, key(Math.floor(random() * steps.length)));
    if (rig.instance(victim)?.status === "Running") await rig.purge(victim);
  }
  const head = await rig.ended(runId, 3 * 3_600_000);
  // What is doubled or late must not change what has ended.
  await rig.pass(600_000);
  rig.documents.before = () => {};
  return { rig, head, steps: await rig.steps(runId) };
}

/** How steps end when nothing is canceled and a failure stops only what is behind it: a few lines that know of no engine. */
function reference(steps: Scenario["steps"]): string[] {
  const ended: string[] = [];
  for (const { needs, ends } of steps) {
    const word = { completed: "Completed", failed: "Failed", canceled: "Canceled" }[ends];
    ended.push(needs.every((needed) => ended[needed] === "Completed") ? word : "Skipped");
  }
  return ended;
}

/** Checks one ended run against what must hold of every run. */
function check(
  { steps, continueOnStepFailure, cancelAtMs }: Scenario,
  rig: RunRig,
  head: RunHead,
  seen: Record<string, StepResource>,
): void {
  const statuses = steps.map((_, index) => seen[key(index)]?.status ?? "");
  const jobs = new Map([...rig.compute.ledger.values()].map((job) => [job.request.displayName, job]));
  const ideal = reference(steps);
  expect(rig.compute.ledger.size, "one job a step").toBe(jobs.size);
  steps.forEach(({ needs, ends }, index) => {
    const [status, job] = [statuses[index], jobs.get(key(index))];
    if (job) {
      expect(hasEnded(job), `job of ${key(index)} has ended`).toBe(true);
      expect(
        needs.map((needed) => statuses[needed]),
        `${key(index)} started behind`,
      ).toEqual(needs.map(() => "Completed"));
      expect(status?.toLowerCase(), `${key(index)} ended as its job`).toBe(job.state.status);
      // A job ends as planned unless it was canceled by us.
      if (job.state.status !== ends) expect([job.state.status, job.cancels > 0]).toEqual(["canceled", true]);
    } else expect(["Canceled", "Skipped"]).toContain(status);
    if (status === "Completed") expect(ideal[index]).toBe("Completed");
  });
  const asked = head.cancelRequestedAt !== undefined;
  if (!asked && (continueOnStepFailure || ideal.every((word) => word === "Completed"))) expect(statuses).toEqual(ideal);
  if (cancelAtMs === undefined) expect(asked).toBe(false);
  const outcome = statuses.every((status) => status === "Completed") ? ["Completed"] : asked ? ["Canceled", "Failed"] : ["Failed"];
  expect(outcome).toContain(head.status);
  if (head.status === "Failed") expect(head.failure?.step).toBeDefined();
}

/** No record was written twice, and nothing goes on. */
async function checkRecords({ steps }: Scenario, rig: RunRig, runId: string): Promise<void> {
  const markers = await rig.runs.settledAfter(runId, "");
  expect(new Set(markers.map(({ marker }) => marker.index)).size, "one marker a step").toBe(markers.length);
  for (const index of steps.keys()) {
    const stepRunId = await rig.stepRunId(runId, key(index));
    expect(rig.documents.writesOf(new RegExp(`^${stepRunId}/step$`)).length).toBeLessThanOrEqual(2);
    expect(["Completed", undefined]).toContain(rig.instance(stepRunId)?.status);
  }
  expect(["Completed", undefined]).toContain(rig.instance(runId)?.status);
}

describe("any run, whatever goes wrong on the way", () => {
  // By hand: RUNS=5000 SEED=1 npx vitest run test/functions/run-property.test.ts
  const numRuns = Number(process.env["RUNS"] ?? 100);
  const seed = Number(process.env["SEED"] ?? 20_261_124);

  test(
    "reaches an end that its pipeline allows, with one job a step and no record twice",
    async () => {
      await fc.assert(
        fc.asyncProperty(aScenario, async (scenario) => {
          const { rig, head, steps } = await play(scenario);
          await using _closed = rig;

          check(scenario, rig, head, steps);
          await checkRecords(scenario, rig, head.id);
        }),
        { numRuns, seed, endOnFailure: process.env["RUNS"] === undefined },
      );
    },
    numRuns * 3000,
  );
});
