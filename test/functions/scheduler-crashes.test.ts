import { describe, expect, test } from "vitest";
import { MINUTE, ScheduledRig } from "../support/scheduled-rig.ts";

/** What there is to do, and how often until all of it is done: Event Grid tells again what was not acknowledged. */
interface Work {
  readonly definition: object;
  begin(scheduled: ScheduledRig): Promise<unknown>;
  /** How long it then takes to be due. */
  readonly settlesMs?: number;
  /** Runs that come of it. */
  readonly runs: number;
}

const watch = { kind: "blobChange", datastore: "workspaceblobstore", path: "in", dataPathParameterName: "file" };
const settling = { trigger: { ...watch, pollingIntervalMinutes: 0, batch: { settleSeconds: 10 } } };
const event = (scheduled: ScheduledRig) => scheduled.rig.noteBlob("in/a", "1");
const due = (scheduled: ScheduledRig) => scheduled.rig.pass(MINUTE);

const works: [string, Work][] = [
  ["a tick", { definition: { trigger: { kind: "cron", expression: "1 12 * * *" } }, begin: due, runs: 1 }],
  [
    "a tick that keeps to itself",
    { definition: { trigger: { kind: "cron", expression: "1 12 * * *" }, policy: { overlap: "skip" } }, begin: due, runs: 1 },
  ],
  [
    "three ticks that were missed",
    {
      definition: { trigger: { kind: "cron", expression: "1-3 12 * * *" }, policy: { missed: "all" } },
      begin: (scheduled) => scheduled.rig.pass(3 * MINUTE),
      runs: 3,
    },
  ],
  ["a changed blob", { definition: { trigger: { ...watch, pollingIntervalMinutes: 0 } }, begin: event, runs: 1 }],
  [
    "a changed blob that keeps to itself",
    { definition: { trigger: { ...watch, pollingIntervalMinutes: 0 }, policy: { overlap: "skip" } }, begin: event, runs: 1 },
  ],
  ["a change that settles", { definition: settling, begin: event, settlesMs: 15_000, runs: 1 }],
  [
    "changes that settle",
    {
      definition: settling,
      begin: async (scheduled) => {
        await scheduled.rig.noteBlob("in/a", "1");
        await scheduled.rig.noteBlob("in/b", "1");
      },
      settlesMs: 15_000,
      runs: 1,
    },
  ],
];

describe.each(works)("%s", (_what, { definition, begin, runs, settlesMs = 0 }) => {
  test("has its run once, at whichever call to the store the app dies", async () => {
    let died = true;
    let survived = 0;
    for (; died; survived++) {
      await using scheduled = await ScheduledRig.open();
      const id = await scheduled.schedule(definition);
      await scheduled.rig.lookAtSchedules();
      const dies = dyingAfter(scheduled, survived);

      await attempt(() => begin(scheduled));
      await scheduled.rig.pass(settlesMs);
      await attempt(() => scheduled.rig.lookAtSchedules());
      died = dies() > survived;
      await begin(scheduled);
      await scheduled.away(MINUTE);
      await scheduled.away(MINUTE);

      const ticks = await scheduled.ticks(id);
      const told = `after ${survived} calls: ${JSON.stringify(ticks)}`;
      expect(
        ticks.map(({ status }) => status),
        told,
      ).toEqual(Array.from({ length: runs }, () => "Started"));
      expect(await scheduled.runIds(), told).toEqual(ticks.map(({ runId }) => runId));
    }
    expect(survived).toBeGreaterThan(10);
  });
});

/** Lets so many calls of the app to its store through and none after that. @returns ends it, and says how many calls there were. */
function dyingAfter({ rig }: ScheduledRig, survived: number): () => number {
  let calls = 0;
  rig.documents.before = () => {
    if (calls++ >= survived) throw new Error("the app is dead");
  };
  return () => {
    rig.documents.before = () => {};
    return calls;
  };
}

async function attempt(act: () => Promise<unknown>): Promise<void> {
  await act().catch(() => undefined);
}
