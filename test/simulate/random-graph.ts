import type { Chance } from "./chance.ts";

/** A small graph: for each step the steps that it runs after, all of a smaller index. */
export function randomEdges(chance: Chance): number[][] {
  switch (chance.pick(["chain", "fan", "layers", "any"] as const)) {
    case "chain":
      return Array.from({ length: chance.whole(1, 5) }, (_, step) => (step === 0 ? [] : [step - 1]));
    case "fan":
      return fan(chance.whole(2, 5));
    case "layers":
      return layers(Array.from({ length: chance.whole(2, 3) }, () => chance.whole(1, 3)));
    case "any":
      return Array.from({ length: chance.whole(2, 7) }, (_, step) => before(step).filter(() => chance.yes(0.35)));
  }
}

/** One step, so many beside one another, then one that waits for all of those. */
function fan(width: number): number[][] {
  const middle = Array.from({ length: width }, (_, n) => n + 1);
  return [[], ...middle.map(() => [0]), middle];
}

/** Every step waits for all of the layer before it. */
function layers(widths: readonly number[]): number[][] {
  const edges: number[][] = [];
  let above: number[] = [];
  for (const width of widths) {
    const layer = Array.from({ length: width }, (_, n) => edges.length + n);
    for (const _ of layer) edges.push(above);
    above = layer;
  }
  return edges;
}

function before(step: number): number[] {
  return Array.from({ length: step }, (_, n) => n);
}

/** How long the longest path is, by what each step takes. */
export function longestPath(edges: readonly (readonly number[])[], takes: (step: number) => number): number {
  const ends: number[] = [];
  edges.forEach((dependencies, step) => {
    ends.push(Math.max(0, ...dependencies.map((dependency) => ends[dependency] ?? 0)) + takes(step));
  });
  return Math.max(0, ...ends);
}
