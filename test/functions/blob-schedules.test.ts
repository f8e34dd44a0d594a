import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { TickResource } from "../../shared/api/schedule-resources.ts";
import { busy } from "../support/run-rig.ts";
import { MINUTE, ScheduledRig } from "../support/scheduled-rig.ts";

let scheduled: ScheduledRig;
beforeEach(async () => {
  scheduled = await ScheduledRig.open();
});
afterEach(() => scheduled[Symbol.asyncDispose]());

const watch = (more: object = {}) => ({
  kind: "blobChange",
  datastore: "workspaceblobstore",
  path: "in",
  dataPathParameterName: "file",
  ...more,
});

/** Files are modified by the real clock: to a poll in virtual time, those it sees first were modified just before. */
function pollInVirtualTime(): void {
  const { blobs, clock } = scheduled.rig;
  const list = blobs.list.bind(blobs);
  const seen = new Map<string, string>();
  blobs.list = async (datastore, options) => {
    const page = await list(datastore, options);
    const asOfNow = page.blobs.map((blob) => {
      const key = `${blob.path} ${blob.etag}`;
      const modifiedAt = seen.get(key) ?? new Date(clock.now() - 3000).toISOString();
      seen.set(key, modifiedAt);
      return { ...blob, modifiedAt };
    });
    return { ...page, blobs: asOfNow };
  };
}

const paths = (ticks: TickResource[]) => ticks.map(({ blob, status }) => `${blob?.path} ${status}`);

describe("a change that is told by an event", () => {
  test("starts a run with the blob's path, also where it is told twice and at once", async () => {
    const id = await scheduled.schedule({ trigger: watch() });
    const etag = await scheduled.drop("in/a.csv");

    await Promise.all([1, 2, 3].map(() => scheduled.rig.noteBlob("in/a.csv", etag)));
    await scheduled.rig.noteBlob("in/a.csv", `"${etag}"`);
    await scheduled.rig.pass(MINUTE);

    const [tick, ...others] = await scheduled.ticks(id);
    expect(others).toEqual([]);
    expect(tick).toMatchObject({ kind: "blob", status: "Started", blob: { datastore: "workspaceblobstore", path: "in/a.csv", etag } });
    expect((await scheduled.api.get(`runs/${tick?.runId}`)).body).toMatchObject({
      status: "Completed",
      scheduleId: id,
      parameters: { file: { value: { datastore: "workspaceblobstore", path: "in/a.csv" }, origin: "blob" } },
    });
    expect(await scheduled.runIds()).toEqual([tick?.runId]);
  });

  test("starts another run when the blob changes again", async () => {
    const id = await scheduled.schedule({ trigger: watch() });

    for (const text of ["1", "22"]) await scheduled.rig.noteBlob("in/a.csv", await scheduled.drop("in/a.csv", text));

    expect(paths(await scheduled.ticks(id))).toEqual(["in/a.csv Started", "in/a.csv Started"]);
  });

  test("is of a folder's own blobs, as in v1, or of its tree; of no other folder, container or hidden file", async () => {
    const folder = await scheduled.schedule({ trigger: watch() });
    const tree = await scheduled.schedule({ trigger: watch({ depth: "tree" }) });
    const container = await scheduled.schedule({ trigger: watch({ path: undefined }) });

    for (const path of ["in/a", "in/b/c", "into/d", "in/.e", "in/.f/g", "h"]) await scheduled.rig.noteBlob(path, path);
    await scheduled.rig.noteBlob("in/z", "z", "workspaceartifactstore");

    expect(paths(await scheduled.ticks(folder))).toEqual(["in/a Started"]);
    expect(paths(await scheduled.ticks(tree)).sort()).toEqual(["in/a Started", "in/b/c Started"]);
    expect(paths(await scheduled.ticks(container))).toEqual(["h Started"]);
  });

  test("is none to a schedule that is disabled, or was when it happened", async () => {
    const id = await scheduled.schedule({ trigger: watch() });
    await scheduled.api.post(`schedules/${id}/disable`);
    await scheduled.rig.noteBlob("in/a", "1");
    await scheduled.rig.pass(MINUTE);
    await scheduled.api.post(`schedules/${id}/enable`);

    await scheduled.rig.noteBlob("in/b", "2");

    expect(paths(await scheduled.ticks(id))).toEqual(["in/b Started"]);
  });

  test("comes again, and to the same run, when it could not be taken", async () => {
    const id = await scheduled.schedule({ trigger: watch() });
    scheduled.rig.documents.before = ({ operation, pk }) => {
      if (operation === "create" && pk === "runs") throw busy();
    };

    await expect(scheduled.rig.noteBlob("in/a", "1")).rejects.toThrow(/too many requests/);
    scheduled.rig.documents.before = () => {};
    const [starting] = await scheduled.ticks(id);
    await scheduled.rig.noteBlob("in/a", "1");

    expect(await scheduled.ticks(id)).toEqual([{ ...starting, status: "Started" }]);
    expect(await scheduled.runIds()).toEqual([starting?.runId]);
  });

  test("is skipped while the run of an earlier one is going on, where that is the policy: one of many at once runs", async () => {
    scheduled.rig.plans({ say: { afterMs: 10 * MINUTE } });
    const id = await scheduled.schedule({ trigger: watch(), policy: { overlap: "skip" } });

    await Promise.all(["in/a", "in/b", "in/c", "in/d"].map((path) => scheduled.rig.noteBlob(path, "1")));

    expect((await scheduled.ticks(id)).map(({ status }) => status).sort()).toEqual(["Skipped", "Skipped", "Skipped", "Started"]);
    expect(await scheduled.runIds()).toHaveLength(1);
  });
});

describe("a change that a poll finds", () => {
  beforeEach(pollInVirtualTime);

  test("starts a run, and what was there before does not", async () => {
    await scheduled.drop("in/old");
    await scheduled.rig.blobs.list("workspaceblobstore", { limit: 10 });
    await scheduled.rig.pass(MINUTE);
    const id = await scheduled.schedule({ trigger: watch({ pollingIntervalMinutes: 1 }) });
    await scheduled.pass(10_000);
    await scheduled.drop("in/new");
    await scheduled.drop("in/sub/folder");

    await scheduled.pass(3 * MINUTE);

    expect(paths(await scheduled.ticks(id))).toEqual(["in/new Started"]);
    expect((await scheduled.details(id)).poll).toEqual({ at: expect.any(String), looked: 2 });
  });

  test("starts another run when the blob changed, and none when it is gone", async () => {
    const id = await scheduled.schedule({ trigger: watch({ pollingIntervalMinutes: 1 }) });
    await scheduled.pass(10_000);
    await scheduled.drop("in/a", "1");
    await scheduled.drop("in/b", "1");
    await scheduled.pass(MINUTE);

    await scheduled.drop("in/a", "22");
    await scheduled.rig.blobs.delete({ datastore: "workspaceblobstore", path: "in/b" });
    await scheduled.pass(MINUTE);

    expect(paths(await scheduled.ticks(id)).sort()).toEqual(["in/a Started", "in/a Started", "in/b Started"]);
  });

  test("and an event tells of, is one run", async () => {
    const id = await scheduled.schedule({ trigger: watch({ pollingIntervalMinutes: 1 }) });
    await scheduled.pass(10_000);
    const told = await scheduled.drop("in/a");
    const found = await scheduled.drop("in/b");

    await scheduled.rig.noteBlob("in/a", told);
    await scheduled.pass(2 * MINUTE);
    await scheduled.rig.noteBlob("in/b", found);

    expect(paths(await scheduled.ticks(id)).sort()).toEqual(["in/a Started", "in/b Started"]);
  });

  test("waits for the interval, five minutes unless told, and with 0 is never looked for", async () => {
    const usual = await scheduled.schedule({ trigger: watch() });
    const never = await scheduled.schedule({ trigger: watch({ pollingIntervalMinutes: 0 }) });
    await scheduled.pass(10_000);
    await scheduled.drop("in/a");

    await scheduled.pass(4.5 * MINUTE);
    const before = await scheduled.ticks(usual);
    await scheduled.pass(MINUTE);

    expect(before).toEqual([]);
    expect(paths(await scheduled.ticks(usual))).toEqual(["in/a Started"]);
    expect(await scheduled.ticks(never)).toEqual([]);
  });

  test("is taken once, when a poll breaks off in the middle and is made again", async () => {
    const id = await scheduled.schedule({ trigger: watch({ pollingIntervalMinutes: 1 }) });
    await scheduled.pass(10_000);
    for (const name of ["a", "b", "c", "d", "e"]) await scheduled.drop(`in/${name}`);
    let left = 2;
    scheduled.rig.documents.before = ({ operation, pk }) => {
      if (operation === "create" && pk === "runs" && left-- <= 0) throw busy();
    };

    await scheduled.pass(MINUTE);
    const started = await scheduled.runIds();
    scheduled.rig.documents.before = () => {};
    await scheduled.pass(10_000);

    expect(started).toHaveLength(2);
    expect(paths(await scheduled.ticks(id)).sort()).toEqual(["a", "b", "c", "d", "e"].map((name) => `in/${name} Started`));
    expect(await scheduled.runIds()).toHaveLength(5);
  });

  test("is one of five hundred at a look; the others follow, and none twice", async () => {
    const id = await scheduled.schedule({ trigger: watch({ pollingIntervalMinutes: 1, dataPathParameterName: undefined }) });
    await scheduled.pass(10_000);
    for (let n = 0; n < 501; n++) await scheduled.drop(`in/${n}`);
    await scheduled.rig.pass(MINUTE);

    await scheduled.rig.lookAtSchedules();
    const first = await scheduled.runIds();
    await scheduled.rig.lookAtSchedules();
    await scheduled.rig.lookAtSchedules();

    expect(first).toHaveLength(500);
    expect(new Set((await scheduled.ticks(id)).map(({ blob }) => blob?.path)).size).toBe(501);
    expect(await scheduled.ticks(id)).toHaveLength(501);
  });

  test("is looked for among ten thousand blobs, and the schedule says when there are more", async () => {
    const blob = (n: number) => ({ path: `in/${String(n).padStart(6, "0")}`, size: 1, etag: "1", modifiedAt: "2020-01-01T00:00:00.000Z" });
    let count = 10_000;
    scheduled.rig.blobs.list = async (_datastore, { after = "", limit }) => {
      const from = after === "" ? 0 : Number(after.slice(3)) + 1;
      const blobs = Array.from({ length: Math.min(limit, count - from) }, (_, n) => blob(from + n));
      return { blobs, ...(from + blobs.length < count && { next: blobs.at(-1)?.path ?? "" }) };
    };
    const id = await scheduled.schedule({ trigger: watch({ pollingIntervalMinutes: 1 }) });

    await scheduled.pass(10_000);
    const full = await scheduled.details(id);
    count++;
    await scheduled.pass(MINUTE);

    expect(full).toMatchObject({ poll: { looked: 10_000 }, warnings: [] });
    expect(await scheduled.details(id)).toMatchObject({
      poll: { looked: 10_000 },
      warnings: [
        "a poll looks at 10000 blobs in order of name, and there are more: of changes beyond, only events tell; watch a smaller folder, or move away what was dealt with",
      ],
    });
  });
});

describe("changes that are taken together", () => {
  const settling = watch({ batch: { settleSeconds: 30 }, pollingIntervalMinutes: 0 });

  test("start one run once nothing has changed for the settling time, with the folder's path", async () => {
    await scheduled.drop("in/a");
    const id = await scheduled.schedule({ trigger: settling });

    for (const name of ["a", "b", "c"]) {
      await scheduled.rig.noteBlob(`in/${name}`, "1");
      await scheduled.pass(20_000);
    }
    const before = await scheduled.ticks(id);
    await scheduled.pass(20_000);

    expect(before).toEqual([]);
    const [tick, ...others] = await scheduled.ticks(id);
    expect(others).toEqual([]);
    expect(tick).toMatchObject({ kind: "blob", status: "Started", blob: { datastore: "workspaceblobstore", path: "in" } });
    expect((await scheduled.api.get(`runs/${tick?.runId}`)).body.parameters.file).toEqual({
      value: { datastore: "workspaceblobstore", path: "in" },
      origin: "blob",
    });
  });

  test("start no other run when events come again late", async () => {
    const id = await scheduled.schedule({ trigger: settling });
    for (const name of ["a", "b"]) await scheduled.rig.noteBlob(`in/${name}`, "1");
    await scheduled.pass(MINUTE);

    for (const name of ["b", "a"]) await scheduled.rig.noteBlob(`in/${name}`, "1");
    await scheduled.pass(MINUTE);

    expect(await scheduled.ticks(id)).toHaveLength(1);
  });

  test("start a run of their own when they come while the run is being started", async () => {
    const id = await scheduled.schedule({ trigger: settling });
    await scheduled.rig.noteBlob("in/a", "1");
    let isFirst = true;
    scheduled.rig.documents.before = async ({ operation, pk }) => {
      if (operation !== "create" || pk !== "runs" || !isFirst) return;
      isFirst = false;
      await scheduled.rig.noteBlob("in/b", "1");
    };

    await scheduled.pass(2 * MINUTE);

    expect((await scheduled.ticks(id)).map(({ status }) => status)).toEqual(["Started", "Started"]);
  });

  test("have their run however often it breaks off", async () => {
    const id = await scheduled.schedule({ trigger: settling });
    await scheduled.rig.noteBlob("in/a", "1");
    let left = 2;
    scheduled.rig.documents.before = ({ operation, pk }) => {
      if (operation === "create" && pk === "runs" && left-- > 0) throw busy();
    };

    await scheduled.pass(2 * MINUTE);

    expect((await scheduled.ticks(id)).map(({ status }) => status)).toEqual(["Started"]);
    expect(await scheduled.runIds()).toHaveLength(1);
  });

  test("are told of when the schedule is disabled before they have settled", async () => {
    const id = await scheduled.schedule({ trigger: settling });
    await scheduled.rig.noteBlob("in/a", "1");

    await scheduled.api.post(`schedules/${id}/disable`);
    await scheduled.pass(2 * MINUTE);

    expect(await scheduled.ticks(id)).toMatchObject([
      {
        status: "Missed",
        cause: "the schedule was disabled or had its trigger changed before these changes had settled",
        remedy: "a test tick runs the pipeline now: POST /api/schedules/{id}/test",
      },
    ]);
  });
});
