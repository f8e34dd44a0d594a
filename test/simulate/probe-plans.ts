import type { Chance } from "./chance.ts";

/** What a probe does, one after another; `again`: what follows is done by the next generation. */
export type Op =
  | { do: "activity"; value: number }
  | { do: "all"; values: number[] }
  | { do: "timer"; ms: number }
  | { do: "race"; ms: number }
  | { do: "child"; ops: Op[] }
  | { do: "again" };

/** An orchestration that has nothing to do with pipelines, so that the engine is tried for itself. */
export type ProbePlan =
  | { readonly kind: "walker"; readonly id: string; readonly startMs: number; readonly ops: Op[] }
  /** Collects events, `perGeneration` of them and then as another generation, until it has `items` different ones. */
  | {
      readonly kind: "collector";
      readonly id: string;
      readonly startMs: number;
      readonly items: number;
      readonly perGeneration: number;
      /** Between two events of the same client. */
      readonly pauseMs: number;
      readonly clients: number;
    };

export function randomProbe(chance: Chance, id: string): ProbePlan {
  const startMs = chance.between(0, 10_000);
  if (chance.yes(0.5)) return { kind: "walker", id, startMs, ops: randomOps(chance, 2) };
  return {
    kind: "collector",
    id,
    startMs,
    items: chance.whole(2, 10),
    perGeneration: chance.whole(1, 3),
    pauseMs: 10 ** chance.between(-1, 4),
    clients: chance.whole(1, 3),
  };
}

function randomOps(chance: Chance, depth: number): Op[] {
  return Array.from({ length: chance.whole(1, 4) }, () => randomOp(chance, depth));
}

function randomOp(chance: Chance, depth: number): Op {
  const ms = () => Math.round(10 ** chance.between(1, 5.5));
  switch (chance.pick(["activity", "all", "timer", "race", "child", "again"] as const)) {
    case "activity":
      return { do: "activity", value: chance.whole(0, 99) };
    case "all":
      return { do: "all", values: Array.from({ length: chance.whole(2, 4) }, () => chance.whole(0, 99)) };
    case "timer":
      return { do: "timer", ms: ms() };
    case "race":
      return { do: "race", ms: ms() };
    case "child":
      return depth > 0 ? { do: "child", ops: randomOps(chance, depth - 1) } : { do: "timer", ms: ms() };
    case "again":
      return { do: "again" };
  }
}

/** What a walker answers in the end: the whole reference model of the engine. */
export function expectedOf(ops: readonly Op[]): unknown[] {
  return ops.flatMap((op): unknown[] => {
    switch (op.do) {
      case "activity":
        return [op.value + 1];
      case "all":
        return [op.values.map((value) => value + 1)];
      case "timer":
      case "race":
        return ["on time"];
      case "child":
        return [expectedOf(op.ops)];
      case "again":
        return [];
    }
  });
}
