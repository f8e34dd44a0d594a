import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { advance, type Facts, MOST_STARTS } from "../../../shared/domain/advance.ts";
import type { Progress } from "../../../shared/domain/run-documents.ts";
import type { SettledStepStatus } from "../../../shared/domain/statuses.ts";
import { aGraph, anId, aPlan, diamond, numbered } from "../../support/graphs.ts";

const progress = (steps: string, more: Partial<Progress> = {}): Progress => ({ runId: anId(0), steps, lastMarker: "", ...more });
const facts = (more: Partial<Facts> = {}): Facts => ({ settled: [], cancelRequested: false, continueOnStepFailure: false, ...more });
const settled = (index: number, status: SettledStepStatus) => ({ index, status });

describe("advance", () => {
  test("starts what waits for nothing", () => {
    const decision = advance(aPlan(diamond()), progress("nnnn"), facts());

    expect(decision).toMatchObject({ start: [0], stop: [], progress: { steps: "snnn" } });
  });

  test("starts both branches once what they wait for has completed, and the join not before both", () => {
    const plan = aPlan(diamond());

    const forked = advance(plan, progress("snnn"), facts({ settled: [settled(0, "Completed")] }));
    const half = advance(plan, forked.progress, facts({ settled: [settled(1, "Completed")] }));
    const joined = advance(plan, half.progress, facts({ settled: [settled(2, "Completed")] }));

    expect(forked.start).toEqual([1, 2]);
    expect(half.start).toEqual([]);
    expect(joined.start).toEqual([3]);
  });

  test("looking twice changes nothing", () => {
    const plan = aPlan(diamond());
    const once = advance(plan, progress("snnn"), facts({ settled: [settled(0, "Completed")] }));

    const twice = advance(plan, once.progress, facts({ settled: [settled(0, "Completed")] }));

    expect(twice).toEqual({ progress: once.progress, start: [], stop: [], more: false });
  });

  test("starts so many steps in one look, and says when there are more", () => {
    const graph = (count: number) => aPlan(aGraph(Object.fromEntries(numbered("s", count).map((key) => [key, []]))));

    const exactly = advance(graph(MOST_STARTS), progress("n".repeat(MOST_STARTS)), facts());
    const above = advance(graph(MOST_STARTS + 1), progress("n".repeat(MOST_STARTS + 1)), facts());
    const rest = advance(graph(MOST_STARTS + 1), above.progress, facts());

    expect([exactly.start.length, exactly.more]).toEqual([MOST_STARTS, false]);
    expect([above.start.length, above.more]).toEqual([MOST_STARTS, true]);
    expect([rest.start, rest.more]).toEqual([[MOST_STARTS], false]);
  });

  test("a failure stops the run: what runs is told to stop, what never ran is skipped", () => {
    const plan = aPlan(diamond());

    const failed = advance(plan, progress("cssn"), facts({ settled: [settled(1, "Failed")] }));
    const over = advance(plan, failed.progress, facts({ settled: [settled(2, "Canceled")] }));

    expect(failed).toMatchObject({ stop: [2], start: [], progress: { steps: "cfsk", stopping: { reason: "failure", step: 1 } } });
    expect(failed.progress.outcome).toBeUndefined();
    expect(over.progress).toMatchObject({ steps: "cfxk", outcome: "Failed", firstFailed: 1 });
  });

  test("with continueOnStepFailure only what waits for the failed step is skipped", () => {
    const plan = aPlan(aGraph({ a: [], b: [], c: ["a"], d: ["b"], e: ["c"] }));

    const decision = advance(
      plan,
      progress("ssnnn"),
      facts({ continueOnStepFailure: true, settled: [settled(0, "Failed"), settled(1, "Completed")] }),
    );

    expect(decision).toMatchObject({ start: [3], stop: [], progress: { steps: "fcksk" } });
  });

  test("a cancel tells what runs to stop and ends as Canceled", () => {
    const plan = aPlan(diamond());

    const canceling = advance(plan, progress("cssn"), facts({ cancelRequested: true }));
    const over = advance(
      plan,
      canceling.progress,
      facts({ cancelRequested: true, settled: [settled(1, "Canceled"), settled(2, "Completed")] }),
    );

    expect(canceling).toMatchObject({ stop: [1, 2], progress: { steps: "cssx" } });
    expect(over.progress.outcome).toBe("Canceled");
  });

  test("a cancel that comes when everything has completed changes nothing", () => {
    const decision = advance(aPlan(aGraph({ a: [] })), progress("s"), facts({ cancelRequested: true, settled: [settled(0, "Completed")] }));

    expect(decision.progress.outcome).toBe("Completed");
  });

  test("a step that was canceled although nobody asked fails the run", () => {
    const decision = advance(aPlan(aGraph({ a: [], b: ["a"] })), progress("sn"), facts({ settled: [settled(0, "Canceled")] }));

    expect(decision.progress).toMatchObject({ steps: "xk", outcome: "Failed" });
  });

  test("any run of any graph reaches an end, and no step starts before what it waits for has completed", () => {
    fc.assert(
      fc.property(randomRun(), ({ edges, continueOnStepFailure, outcomes, cancelAt }) => {
        const plan = aPlan(aGraph(edges));
        let state = progress("n".repeat(outcomes.length));
        let running: number[] = [];
        for (let turn = 0; state.outcome === undefined; turn++) {
          expect(turn).toBeLessThan(outcomes.length * 2 + 3);
          const news = running.splice(0, 1 + (turn % 3)).map((index) => settled(index, outcomes[index] ?? "Completed"));
          const decision = advance(
            plan,
            state,
            facts({ continueOnStepFailure, settled: news, cancelRequested: cancelAt !== undefined && turn >= cancelAt }),
          );
          for (const index of decision.start) {
            expect(state.steps[index]).toBe("n");
            for (const dependency of plan.dependsOn[index] ?? []) expect(decision.progress.steps[dependency]).toBe("c");
          }
          if (state.stopping) expect(decision.start).toEqual([]);
          running = [...running, ...decision.start];
          state = decision.progress;
        }
        expect(state.steps).not.toMatch(/[ns]/);
        expect(state.outcome === "Completed").toBe(/^c*$/.test(state.steps));
      }),
      { numRuns: 500 },
    );
  });
});

/** A random acyclic graph whose steps stand in order, with how each step will end. */
function randomRun() {
  return fc.integer({ min: 1, max: 12 }).chain((size) =>
    fc.record({
      edges: fc
        .tuple(
          ...Array.from({ length: size }, (_, index) =>
            fc.subarray(
              Array.from({ length: index }, (__, dependency) => `s${dependency}`),
              { maxLength: Math.min(3, index) },
            ),
          ),
        )
        .map((lists) => Object.fromEntries(lists.map((list, index) => [`s${index}`, list]))),
      continueOnStepFailure: fc.boolean(),
      outcomes: fc.array(fc.constantFrom<SettledStepStatus>("Completed", "Completed", "Completed", "Failed", "Canceled"), {
        minLength: size,
        maxLength: size,
      }),
      cancelAt: fc.option(fc.nat(8), { nil: undefined }),
    }),
  );
}
