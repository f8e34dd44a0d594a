import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TestHost } from "./support/test-host.ts";

type Step = { do: string; [member: string]: unknown };

const ms = fc.constantFrom(0, 10, 50, 200, 1000);
const name = fc.constantFrom("go", "stop");
const leaf: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("echo"), value: fc.integer({ min: 0, max: 9 }) }),
  fc.record({ do: fc.constant("slow"), ms }),
  fc.constant({ do: "fail" }),
  fc.record({ do: fc.constant("timer"), ms }),
  fc.record({ do: fc.constant("event"), name }),
  fc.record({ do: fc.constant("retry"), ok: fc.boolean(), ms: fc.constantFrom(10, 200), times: fc.integer({ min: 1, max: 3 }) }),
);
const { step } = fc.letrec<{ step: Step }>((tie) => ({
  step: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.record({ do: fc.constantFrom("all", "any"), of: fc.array(tie("step") as fc.Arbitrary<Step>, { minLength: 1, maxLength: 4 }) }),
    fc.record({ do: fc.constant("child"), steps: fc.array(leaf, { maxLength: 3 }) }),
  ),
}));
const program = fc.record({
  steps: fc.array(fc.oneof(step, fc.record({ do: fc.constant("race"), name, ms })), { minLength: 1, maxLength: 6 }),
  generations: fc.constantFrom(0, 0, 1),
});
/** What comes from outside, and how long after what came before. */
const outside = fc.array(fc.record({ after: ms, what: fc.constantFrom("go", "stop", "suspend", "resume") }), { maxLength: 8 });

async function play(host: TestHost, events: readonly { after: number; what: string }[]): Promise<void> {
  for (const { after, what } of events) {
    await host.pass(after);
    if (what === "go" || what === "stop") await host.raise("run", what, 1);
    else await host.call("POST", `/instances/run/${what}?reason=r`);
  }
  await host.call("POST", "/instances/run/resume?reason=r");
  await host.pass(100_000);
}

describe("the second replay", () => {
  test("comes to the same when it goes on as when it starts from event 0, whatever the orchestrator does", {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(program, outside, async (input, events) => {
        await using host = await TestHost.open({ checkEvery: 1, maxConcurrentActivityFunctions: 3 });
        await host.start("program", input);

        await play(host, events);

        expect(host.errors.filter((text) => text.includes("fault of this host") || text.includes("could not be ended"))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test("does not depend on whether the instance stayed in memory", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(program, outside, async (input, events) => {
        const outcomes: unknown[] = [];
        for (const mostIdleInstances of [0, 1000]) {
          await using host = await TestHost.open({ checkEvery: 0, mostIdleInstances });
          await host.start("program", input);
          await play(host, events);
          const { runtimeStatus, output, customStatus } = await host.status();
          outcomes.push({ runtimeStatus, output, customStatus });
        }

        expect(outcomes[0]).toEqual(outcomes[1]);
      }),
      { numRuns: 60 },
    );
  });
});
