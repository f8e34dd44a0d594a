import { advance, type Decision, type Facts, MOST_STARTS } from "../domain/advance.ts";
import type { RunId } from "../domain/ids.ts";
import type { ReusedStep, ReuseSource } from "../domain/reuse.ts";
import type { Progress, RunHead } from "../domain/run-documents.ts";
import type { RunPlan } from "../domain/run-plan.ts";
import type { Clock } from "../ports/clock.ts";
import { type Claim, type ClaimDeps, claimStep } from "./claim-step.ts";
import { type FingerprintDeps, StepFingerprints } from "./fingerprint-step.ts";
import { inBatches } from "./in-batches.ts";
import { producersOf, reusedSources } from "./reused-sources.ts";

export interface DecideRunDeps extends ClaimDeps, FingerprintDeps {
  clock: Clock;
}

/** A {@link Decision} with what reuse has to do with it. */
export interface RunDecision extends Decision {
  /** Steps that are settled by the results of earlier runs. */
  readonly reused: ReusedStep[];
  /** Hashes under which steps to start have been claimed, by index. */
  readonly fingerprints: ReadonlyMap<number, string>;
}

const PARALLEL_CLAIMS = 16;

/**
 * What a run does next, where a step that could start may be settled by the results of an earlier run, which may make others ready, and so on:
 * a run that is reused as a whole is settled in one look.
 */
export async function decideRun(deps: DecideRunDeps, head: RunHead, plan: RunPlan, before: Progress, facts: Facts): Promise<RunDecision> {
  const first = advance(plan, before, facts);
  if (head.regenerateOutputs || !first.start.some((index) => plan.graph.graph.steps[index]?.allowReuse))
    return { ...first, reused: [], fingerprints: new Map() };
  const claims = new Claims(deps, head, plan, await reusedSources(deps.runs, plan.graph.runId, before));
  const [start, held] = [[] as number[], new Set<number>()];
  for (let decision = first; ; ) {
    const { run, reuse, wait } = await claims.make(decision.start);
    start.push(...run);
    for (const index of wait) held.add(index);
    const steps = withLetter(withLetter(decision.progress.steps, wait, "n"), reuse, "r");
    const progress = { ...decision.progress, steps };
    const isFull = start.length >= MOST_STARTS;
    if (isFull || (reuse.length === 0 && (wait.length === 0 || !decision.more)))
      return { ...decision, progress, start, stop: first.stop, more: decision.more || (isFull && reuse.length > 0), ...claims.found };
    decision = advance(plan, progress, { ...facts, settled: [], held });
  }
}

/** The claims of one look. */
class Claims {
  readonly found: Pick<RunDecision, "reused"> & { readonly fingerprints: Map<number, string> } = { reused: [], fingerprints: new Map() };
  readonly #deps: DecideRunDeps;
  readonly #plan: RunPlan;
  readonly #sources: Map<number, ReuseSource>;
  readonly #prints: StepFingerprints;

  constructor(deps: DecideRunDeps, head: RunHead, plan: RunPlan, sources: Map<number, ReuseSource>) {
    this.#deps = deps;
    this.#plan = plan;
    this.#sources = sources;
    this.#prints = new StepFingerprints(deps, head.parameters);
  }

  async make(ready: readonly number[]): Promise<Record<Claim["kind"], number[]>> {
    const made: Record<Claim["kind"], number[]> = { run: [], reuse: [], wait: [] };
    const claims = new Map<number, Claim>();
    await inBatches(ready, PARALLEL_CLAIMS, async (index) => void claims.set(index, await this.#claim(index)));
    for (const index of ready) made[claims.get(index)?.kind ?? "run"].push(index);
    return made;
  }

  async #claim(index: number): Promise<Claim> {
    const step = this.#plan.graph.graph.steps[index];
    const stepRunId = this.#plan.graph.stepRunIds[index];
    if (!step?.allowReuse || !stepRunId) return { kind: "run" };
    const print = await this.#prints.of(step, producersOf(this.#plan, this.#sources));
    if (!("hash" in print)) return { kind: "run" };
    const claim = await claimStep(this.#deps, print.hash, print.parts, { runId: this.#plan.graph.runId, stepRunId });
    if (claim.kind === "run") this.found.fingerprints.set(index, print.hash);
    if (claim.kind === "reuse") this.#note(index, stepRunId, claim.source);
    return claim;
  }

  #note(index: number, stepRunId: RunId, source: ReuseSource): void {
    this.#sources.set(index, source);
    this.found.reused.push({ index, stepRunId, at: new Date(this.#deps.clock.now()).toISOString(), source });
  }
}

function withLetter(steps: string, indexes: readonly number[], letter: string): string {
  if (indexes.length === 0) return steps;
  const letters = [...steps];
  for (const index of indexes) letters[index] = letter;
  return letters.join("");
}
