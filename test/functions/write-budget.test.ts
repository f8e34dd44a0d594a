import { describe, expect, test } from "vitest";
import { aGraph, diamond, fan } from "../support/graphs.ts";
import { RunRig } from "../support/run-rig.ts";

describe("what a run writes", () => {
  test("is two documents and one marker for a step", async () => {
    await using rig = await RunRig.open();
    rig.plans({ c: { ends: "failed" } });
    const runId = await rig.submit(diamond(), { continueOnStepFailure: true });

    await rig.ended(runId);

    for (const key of ["a", "b", "c"]) {
      const stepRunId = await rig.stepRunId(runId, key);
      expect(rig.documents.writesOf(new RegExp(`^${stepRunId}/`)).map(({ operation, sk }) => `${operation} ${sk}`)).toEqual([
        "create step",
        "replace step",
      ]);
    }
    expect(rig.documents.writesOf(/settled:/)).toHaveLength(3);
    expect(rig.documents.writesOf(/^reuse:/).length).toBeLessThanOrEqual(6);
    expect(rig.documents.writesOf(new RegExp(await rig.stepRunId(runId, "d")))).toEqual([]);
  });

  test("is three documents of the run for a look at the most", async () => {
    await using rig = await RunRig.open();
    const looks: number[] = [];
    rig.interpose = (call) => {
      if (call.name === "advanceRun") looks.push(call.number);
      return call.run();
    };
    const runId = await rig.submit(fan(20));

    await rig.ended(runId);

    const isOfRun = ({ pk }: { pk: string }) => !pk.startsWith("reuse:");
    const writes = looks.map((number) => rig.documents.calls.filter((made) => made.wrote && made.by === number && isOfRun(made)));
    for (const written of writes) expect(written.length).toBeLessThanOrEqual(3);
    for (const { sk, pk } of writes.flat()) expect(["progress", "wake", runId], `${pk}/${sk}`).toContain(sk);
  });

  test("is few looks where many steps settle together", async () => {
    await using rig = await RunRig.open();
    rig.compute.plan = ({ displayName }) => ({ ends: "completed", afterMs: 5000 + 5 * (Number.parseInt(displayName.slice(1), 10) || 0) });
    rig.interpose = async (call) => {
      const result = await call.run();
      if (call.name === "advanceRun") await rig.sleep(200); // a look takes its time; meanwhile 40 steps settle
      return result;
    };
    const runId = await rig.submit(fan(200));

    const head = await rig.ended(runId);

    expect(head.status).toBe("Completed");
    expect(rig.counts.activities["advanceRun"]).toBeLessThan(20);
    expect(rig.documents.writesOf(/\/wake$/).length).toBeLessThan(40);
  });

  test("is nothing while jobs run and nobody has news", async () => {
    await using rig = await RunRig.open();
    rig.plans({ a: { ends: "never" } });
    const runId = await rig.submit(aGraph({ a: [] }));
    await rig.pass(60_000);
    rig.documents.calls.length = 0;

    await rig.pass(3_600_000);

    expect((await rig.head(runId)).status).toBe("Running");
    expect(rig.documents.writesOf(/./)).toEqual([]);
  });
});
