import type { Chance } from "./chance.ts";
import { type ProbePlan, randomProbe } from "./probe-plans.ts";
import { randomEdges } from "./random-graph.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** How one job goes. Times are milliseconds from its start. */
export interface JobPlan {
  /** `refused`: its service will not take it; `unreadable`: it takes it and refuses to say how it goes; `never`: it runs until it is canceled. */
  readonly ends: "completed" | "failed" | "canceled" | "refused" | "unreadable" | "never";
  readonly afterMs: number;
  /** When its service forgets it for good. */
  readonly lostAfterMs: number | undefined;
  /** So long no read of the service sees it. */
  readonly hiddenMs: number;
  /** From a cancel to its end; undefined: it does not listen, and ends by itself. */
  readonly cancelMs: number | undefined;
}

/** One submission and what its client does with it. Steps are named by their index in `edges`. */
export interface SimulatedRun {
  readonly name: string;
  /** For each step the steps it runs after. */
  readonly edges: readonly (readonly number[])[];
  readonly jobs: readonly JobPlan[];
  readonly continueOnStepFailure: boolean;
  readonly submitMs: number;
  /** Without one, a submit whose answer is lost is not repeated. */
  readonly idempotencyKey: string | undefined;
  /** From the answer to a cancel. */
  readonly cancelAfterMs: number | undefined;
  /** From the answer to each further submit under the same key. */
  readonly resubmitAfterMs: readonly number[];
}

/** Probabilities from 0 to 1 of what may happen to one call, notice or activity. */
export interface Faults {
  readonly storeBusy: number;
  readonly storeAnswerLost: number;
  readonly computeBusy: number;
  readonly computeAnswerLost: number;
  readonly computeSilent: number;
  readonly noticeLost: number;
  readonly noticeLate: number;
  readonly noticeDoubled: number;
  readonly hostCallFails: number;
  readonly activityRepeated: number;
  readonly slow: number;
}

/** The host's end: after so many writes since it began, or after so long. */
export interface Crash {
  readonly afterWrites: number | undefined;
  readonly afterMs: number;
  /** `power`: what was not synced is lost as well, of either file another part; `stop`: the host is asked to end. */
  readonly kind: "kill" | "power" | "stop";
  readonly downMs: number;
}

/** The wall clock is put on (or back) by so much. */
export interface Jump {
  readonly atMs: number;
  readonly byMs: number;
}

/** Everything about one simulation that is not decided on its way. */
export interface Scenario {
  readonly seed: number;
  /** Nothing goes wrong in it, and it is held to its time. */
  readonly calm: boolean;
  readonly faults: Faults;
  readonly crashes: readonly Crash[];
  readonly jumps: readonly Jump[];
  /** When nothing goes wrong any more. */
  readonly faultsEndMs: number;
  /** One way of a call, at the most. */
  readonly latencyMs: number;
  readonly runs: readonly SimulatedRun[];
  readonly probes: readonly ProbePlan[];
}

export const NO_FAULTS: Faults = {
  storeBusy: 0,
  storeAnswerLost: 0,
  computeBusy: 0,
  computeAnswerLost: 0,
  computeSilent: 0,
  noticeLost: 0,
  noticeLate: 0,
  noticeDoubled: 0,
  hostCallFails: 0,
  activityRepeated: 0,
  slow: 0,
};

export function randomScenario(seed: number, chance: Chance): Scenario {
  const calm = chance.yes(0.15);
  const jumps = !calm && chance.yes(0.2) ? randomJumps(chance) : [];
  return {
    seed,
    calm,
    faults: calm ? NO_FAULTS : randomFaults(chance),
    crashes: calm ? [] : randomCrashes(chance),
    jumps,
    faultsEndMs: calm ? 0 : chance.between(2, 15) * MINUTE,
    latencyMs: calm ? 2 : chance.pick([0.5, 3, 20]),
    runs: Array.from({ length: chance.pick([1, 1, 1, 2]) }, (_, number) => randomRun(chance, `run-${number}`, calm, jumps.length === 0)),
    probes: Array.from({ length: chance.pick([0, 1, 1, 2]) }, (_, number) => randomProbe(chance, `probe-${number}`)),
  };
}

/** Each kind of fault is in or out of a whole simulation: what hides behind another shows when that one is out. */
function randomFaults(chance: Chance): Faults {
  const some = (most: number) => (chance.yes(0.4) ? chance.between(0, most) : 0);
  return {
    storeBusy: some(0.1),
    storeAnswerLost: some(0.1),
    computeBusy: some(0.3),
    computeAnswerLost: some(0.3),
    computeSilent: some(0.05),
    noticeLost: some(1),
    noticeLate: some(0.5),
    noticeDoubled: some(0.5),
    hostCallFails: some(0.05),
    activityRepeated: some(0.3),
    slow: some(0.05),
  };
}

function randomCrashes(chance: Chance): Crash[] {
  return Array.from({ length: chance.pick([0, 1, 1, 2, 3, 5]) }, () => ({
    afterWrites: chance.yes(0.7) ? chance.whole(1, 150) : undefined,
    afterMs: 10 ** chance.between(2, 5.5),
    kind: chance.pick(["kill", "power", "power", "stop"] as const),
    downMs: 10 ** chance.between(2, 5),
  }));
}

function randomJumps(chance: Chance): Jump[] {
  return Array.from({ length: chance.whole(1, 2) }, () => ({
    atMs: 10 ** chance.between(2, 5.5),
    byMs: chance.pick([-HOUR, HOUR]),
  }));
}

function randomRun(chance: Chance, name: string, calm: boolean, mayHide: boolean): SimulatedRun {
  const edges = randomEdges(chance);
  const cancelAfterMs = !calm && chance.yes(0.35) ? 10 ** chance.between(1, 5) : undefined;
  const healthy = calm || chance.yes(0.4);
  const idempotencyKey = chance.yes(0.85) ? `key of ${name}` : undefined;
  return {
    name,
    edges,
    jobs: edges.map(() => randomJob(chance, { healthy, mayHide, mayStay: cancelAfterMs !== undefined && idempotencyKey !== undefined })),
    continueOnStepFailure: chance.yes(0.5),
    submitMs: chance.between(0, 5 * SECOND),
    idempotencyKey,
    cancelAfterMs,
    resubmitAfterMs: idempotencyKey !== undefined && chance.yes(0.3) ? [10 ** chance.between(1, 6.5)] : [],
  };
}

function randomJob(chance: Chance, { healthy, mayHide, mayStay }: { healthy: boolean; mayHide: boolean; mayStay: boolean }): JobPlan {
  const afterMs = Math.round(10 ** chance.between(1.5, 5));
  const odd = chance.next();
  const hides = chance.yes(0.1);
  const plan: JobPlan = {
    ends: "completed",
    afterMs,
    lostAfterMs: undefined,
    hiddenMs: !healthy && mayHide && hides ? chance.between(0, 10 * SECOND) : 0,
    cancelMs: chance.yes(0.1) ? undefined : 10 ** chance.between(0, 4),
  };
  if (healthy || odd > 0.3) return plan;
  if (odd < 0.12) return { ...plan, ends: "failed" };
  if (odd < 0.16) return { ...plan, ends: "canceled" };
  if (odd < 0.19) return { ...plan, ends: "refused" };
  if (odd < 0.2) return { ...plan, ends: "unreadable" };
  if (odd < 0.24) return { ...plan, lostAfterMs: Math.round(afterMs * chance.between(0, 1.5)) };
  return mayStay ? { ...plan, ends: "never", cancelMs: plan.cancelMs ?? SECOND } : plan;
}
