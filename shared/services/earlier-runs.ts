import type { FingerprintParts } from "../domain/fingerprint.ts";
import type { RunId } from "../domain/ids.ts";
import type { ReuseSource } from "../domain/reuse.ts";
import type { RunGraph, RunHead } from "../domain/run-documents.ts";
import type { ReuseStore } from "../ports/reuse-store.ts";
import type { RunStore } from "../ports/run-store.ts";
import { reusedSources } from "./reused-sources.ts";
import { readableStepRun } from "./step-context.ts";

/** How many runs of an experiment are looked back. */
const LOOKED_BACK = 20;

interface EarlierRun {
  readonly head: RunHead;
  readonly graph: RunGraph;
  readonly sources: ReadonlyMap<number, ReuseSource>;
}

/** The last runs of an experiment, to tell how a step differs from the same step of the nearest of them. Read when first asked for. */
export class EarlierRuns {
  readonly #runs: RunStore;
  readonly #reuse: ReuseStore;
  readonly #experimentName: string;
  #found: Promise<EarlierRun[]> | undefined;

  constructor({ runs, reuse }: { runs: RunStore; reuse: ReuseStore }, experimentName: string) {
    this.#runs = runs;
    this.#reuse = reuse;
    this.#experimentName = experimentName;
  }

  /** The parts of a step's fingerprint when it last began, and in which run; undefined when it has not. */
  async last(key: string): Promise<{ runId: RunId; stepRunId: RunId; parts: FingerprintParts } | undefined> {
    this.#found ??= this.#read();
    for (const { head, graph, sources } of await this.#found) {
      const index = graph.graph.steps.findIndex((step) => step.key === key);
      const stepRunId = sources.get(index)?.stepRunId ?? graph.stepRunIds[index];
      const hash = stepRunId && (await readableStepRun(this.#runs, stepRunId))?.value.fingerprint;
      const record = hash && (await this.#reuse.find(hash));
      if (stepRunId && record) return { runId: sources.get(index)?.runId ?? head.id, stepRunId, parts: record.value.parts };
    }
    return undefined;
  }

  async #read(): Promise<EarlierRun[]> {
    const { items } = await this.#runs.list({ experimentName: this.#experimentName }, { limit: LOOKED_BACK });
    const found = await Promise.all(items.map((head) => this.#readRun(head)));
    return found.filter((run) => run !== undefined);
  }

  async #readRun(head: RunHead): Promise<EarlierRun | undefined> {
    const [graph, progress] = await Promise.all([this.#runs.graph(head.id), this.#runs.progress(head.id)]);
    return graph && { head, graph, sources: await reusedSources(this.#runs, head.id, progress?.value) };
  }
}
