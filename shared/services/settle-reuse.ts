import type { ReuseRecord } from "../domain/reuse.ts";
import type { StepRunDocument } from "../domain/run-documents.ts";
import type { Clock } from "../ports/clock.ts";
import type { Orchestrations } from "../ports/orchestrations.ts";
import type { ReuseStore } from "../ports/reuse-store.ts";
import type { RunStore } from "../ports/run-store.ts";
import { wakeRun } from "./wake-run.ts";

export interface SettleReuseDeps {
  runs: RunStore;
  reuse: ReuseStore;
  orchestrations: Orchestrations;
  clock: Clock;
}

/**
 * Says under the fingerprint of a settled step what became of it, and tells the runs that wait for it. The last one that completed is the one that
 * later runs find. Safe to repeat.
 */
export async function settleReuse(deps: SettleReuseDeps, document: StepRunDocument): Promise<void> {
  const hash = document.fingerprint;
  if (hash === undefined) return;
  for (;;) {
    const stored = await deps.reuse.find(hash);
    const after = stored && nextRecord(stored.value, document);
    if (!stored || !after) return;
    if (!(await deps.reuse.replace(hash, after, stored.etag))) continue;
    const waiting = stored.value.state === "running" ? stored.value.waiting : [];
    for (const runId of waiting) await wakeRun(deps, runId, document.id, true);
    return;
  }
}

/** Undefined: nothing is to be said. */
function nextRecord(known: ReuseRecord, { id, runId, status, outputs }: StepRunDocument): ReuseRecord | undefined {
  if (status === "Completed") {
    if (known.state === "completed" && known.source.stepRunId === id) return undefined;
    return { state: "completed", parts: known.parts, source: { runId, stepRunId: id, outputs } };
  }
  return known.state === "running" && known.stepRunId === id ? { state: "given-up", parts: known.parts } : undefined;
}
