import { z } from "zod";
import { MetricBatch } from "../../domain/metrics.ts";
import {
  ChildRunDocument,
  Progress,
  ReusedPage,
  RunGraph,
  RunHead,
  RunRecord,
  SettledMarker,
  StepRunDocument,
  WakeFlag,
} from "../../domain/run-documents.ts";
import { encodeDocument } from "../../ports/document-rules.ts";
import { type Documents, type Stored, StoreError } from "../../ports/documents.ts";
import type { RunStore, UnreadableRun } from "../../ports/run-store.ts";
import { ChangeCounter } from "./change-counter.ts";
import { parseOnce } from "./parse-once.ts";
import { createWhole, readWhole } from "./pieces.ts";
import { readable, unreadableAs } from "./readable.ts";
import { RecentlyUsed } from "./recently-used.ts";

/**
 * Partition of the heads: one for the workspace, so that a listing is one query in order of id, which is the order of time.
 * At 2 KB a head the 20 GB of a Cosmos partition hold ten million runs.
 */
const RUNS = "runs";
const KEYS = "idempotency-keys";
/** A wake flag that has been on for longer than this may stand for a notice that was lost. */
const WAKE_AGE_MS = 30_000;
const MARKER = "settled:";
const REUSED = "reused:";
/** Prefix of the keys of metrics of one try of a step. */
function metricsOf(attempt: number): string {
  return attempt === 1 ? "metrics:" : `metrics@${attempt}:`;
}

/** Graphs never change, and parsing a large one costs more than everything else of a turn. */
const GRAPHS_KEPT = 64;
const Claim = z.object({ runId: z.string(), bodyHash: z.string() });

/**
 * Run history over {@link Documents}. Head: partition `runs`; graph, progress, wake flag and settled markers: partition of the
 * pipeline run; step run, record, metrics and children: partition of the run they belong to.
 * @param pollMs how often `changed` looks where other processes write as well; absent: this process writes alone.
 */
export function createRunStore({ documents, pollMs }: { documents: Documents; pollMs?: number | undefined }): RunStore {
  const counter = new ChangeCounter(pollMs);
  const graphs = new RecentlyUsed<string, RunGraph>(GRAPHS_KEPT);

  async function read<T extends z.ZodType>(schema: T, pk: string, sk: string): Promise<Stored<z.output<T>> | undefined> {
    const stored = await documents.read(pk, sk);
    return stored && { value: readable(parseOnce(schema, stored.value), pk, sk), etag: stored.etag };
  }
  async function replace(pk: string, sk: string, value: unknown, etag: string, runId: string): Promise<boolean> {
    const done = (await documents.replace(pk, sk, value, etag)) !== undefined;
    if (done) counter.count(runId);
    return done;
  }
  async function all<T extends z.ZodType>(
    schema: T,
    pk: string,
    options: { prefix: string; after?: string },
  ): Promise<{ sk: string; value: z.output<T> }[]> {
    const items: { sk: string; value: z.output<T> }[] = [];
    let after = options.after;
    do {
      const page = await documents.list(pk, { prefix: options.prefix, after, limit: 1000 });
      for (const { sk, value } of page.items) items.push({ sk, value: readable(schema.safeParse(value), pk, sk) });
      after = page.next;
    } while (after !== undefined);
    return items;
  }

  return {
    async create({ head, graph, progress }) {
      encodeDocument(head); // so that nothing is stored of a run whose head is too large
      await createWhole(documents, graph.runId, "graph", graph);
      await documents.create(graph.runId, "progress", progress);
      const created = (await documents.create(RUNS, head.id, head)) !== undefined;
      counter.count(head.id);
      return created;
    },
    head: (runId) => read(RunHead, RUNS, runId),
    async replaceHead(head, etag) {
      const done = (await documents.replace(RUNS, head.id, head, etag)) !== undefined;
      if (done) counter.count(head.id, head.settled);
      return done;
    },
    async list(filter, { after, limit }) {
      const page = await documents.list(RUNS, { descending: true, after, limit, where: { ...filter } });
      const items: RunHead[] = [];
      const unreadable: UnreadableRun[] = [];
      for (const { sk, value } of page.items) {
        const head = RunHead.safeParse(value);
        if (head.success) items.push(head.data);
        else unreadable.push({ id: sk, cause: unreadableAs(head.error, RUNS, sk) });
      }
      return { items, unreadable, ...(page.next !== undefined && { next: page.next }) };
    },
    async graph(runId) {
      const known = graphs.get(runId);
      if (known) return known;
      const stored = await readWhole(documents, runId, "graph", RunGraph);
      if (stored) graphs.set(runId, stored);
      return stored;
    },
    progress: (runId) => read(Progress, runId, "progress"),
    replaceProgress: (progress, etag) => replace(progress.runId, "progress", progress, etag, progress.runId),

    async turnOnWake(runId, now) {
      const flag = await read(WakeFlag, runId, "wake");
      const on = { on: true, at: new Date(now).toISOString() };
      if (!flag) return (await documents.create(runId, "wake", on)) !== undefined;
      if (flag.value.on)
        return now - Date.parse(flag.value.at) > WAKE_AGE_MS && (await documents.replace(runId, "wake", on, flag.etag)) !== undefined;
      return (await documents.replace(runId, "wake", on, flag.etag)) !== undefined;
    },
    async clearWake(runId, now) {
      const flag = await read(WakeFlag, runId, "wake");
      // Losing to a finisher that turns it on is right: its notice is then still to come.
      if (flag?.value.on) await documents.replace(runId, "wake", { on: false, at: new Date(now).toISOString() }, flag.etag);
    },

    async createStepRun(document) {
      const created = await documents.create(document.id, "step", document);
      if (created) {
        counter.count(document.runId);
        return created;
      }
      const there = await read(StepRunDocument, document.id, "step");
      if (!there) throw new StoreError("unavailable", `step run ${document.id} was there and is gone`);
      return there;
    },
    stepRun: (stepRunId) => read(StepRunDocument, stepRunId, "step"),
    replaceStepRun: (document, etag) => replace(document.id, "step", document, etag, document.runId),
    async addSettled(runId, key, marker) {
      await documents.create(runId, `${MARKER}${key}`, marker);
      counter.count(runId);
    },
    async settledAfter(runId, after) {
      const found = await all(SettledMarker, runId, { prefix: MARKER, after: `${MARKER}${after}` });
      return found.map(({ sk, value }) => ({ key: sk.slice(MARKER.length), marker: value }));
    },

    async addReused(runId, page, steps) {
      await documents.create(runId, `${REUSED}${page}`, { steps });
      counter.count(runId);
    },
    async reused(runId, pages) {
      const found = await Promise.all(pages.map((page) => read(ReusedPage, runId, `${REUSED}${page}`)));
      return found.flatMap((stored, at) => {
        if (!stored) throw new StoreError("corrupt", `run ${runId} has no page ${pages[at]} of reused steps`);
        return stored.value.steps;
      });
    },

    async addMetrics(runId, batch, attempt = 1) {
      await documents.create(runId, `${metricsOf(attempt)}${String(batch.order).padStart(12, "0")}:${batch.batchId}`, batch);
    },
    async metrics(runId, attempt = 1) {
      return (await all(MetricBatch, runId, { prefix: metricsOf(attempt) })).flatMap(({ value }) => value.entries);
    },
    record: (runId) => read(RunRecord, runId, "record"),
    createRecord: async (runId, record) => (await documents.create(runId, "record", record)) !== undefined,
    replaceRecord: (runId, record, etag) => replace(runId, "record", record, etag, runId),
    async addChild(child) {
      await documents.create(child.id, "child", child);
      await documents.create(child.parentRunId, `child:${child.id}`, child);
    },
    child: async (runId) => (await read(ChildRunDocument, runId, "child"))?.value,
    children: async (parentRunId) => (await all(ChildRunDocument, parentRunId, { prefix: "child:" })).map(({ value }) => value),

    async claimKey(key, claim) {
      if (await documents.create(KEYS, key, claim)) return claim;
      return (await read(Claim, KEYS, key))?.value ?? claim;
    },
    touch: (runId) => counter.count(runId),
    changes: (runId) => counter.of(runId),
    changed: (runId, seen, signal) => counter.changed(runId, seen, signal),
    lull: (runId, signal) => counter.lull(runId, signal),
    durable: () => documents.durable(),
  };
}
