/** Nodes by index with the indexes each waits for, known to be free of cycles; {@link Dag.of} is the only way to make one. */
export class Dag {
  /** Every index once, dependencies before dependants; ties keep the author's order. */
  readonly order: readonly number[];
  readonly dependsOn: readonly (readonly number[])[];

  private constructor(order: readonly number[], dependsOn: readonly (readonly number[])[]) {
    this.order = order;
    this.dependsOn = dependsOn;
  }

  /**
   * Kahn's algorithm (CACM 5(11), 1962). Iterative, so that depth costs no stack.
   * @returns the graph, or cycles that share no node, each as indexes in the order of work, first and last the same.
   */
  static of(dependsOn: readonly (readonly number[])[]): Dag | { cycles: number[][] } {
    const waitsFor = dependsOn.map((dependencies) => dependencies.length);
    const dependants = invert(dependsOn);
    const order = waitsFor.flatMap((count, index) => (count === 0 ? [index] : []));
    for (let at = 0; at < order.length; at++) {
      for (const dependant of dependants[order[at] ?? 0] ?? []) {
        const left = (waitsFor[dependant] ?? 0) - 1;
        waitsFor[dependant] = left;
        if (left === 0) order.push(dependant);
      }
    }
    if (order.length === dependsOn.length) return new Dag(order, dependsOn);
    return { cycles: findCycles(dependsOn, new Set(waitsFor.flatMap((count, index) => (count > 0 ? [index] : [])))) };
  }

  /** The given indexes and all they need, directly or not (v1's closure). */
  closure(of: readonly number[]): Set<number> {
    const found = new Set(of);
    for (const index of found) for (const dependency of this.dependsOn[index] ?? []) found.add(dependency);
    return found;
  }
}

/** For each index, those that wait for it. */
export function invert(dependsOn: readonly (readonly number[])[]): number[][] {
  const dependants: number[][] = dependsOn.map(() => []);
  dependsOn.forEach((dependencies, index) => {
    for (const dependency of dependencies) dependants[dependency]?.push(index);
  });
  return dependants;
}

/**
 * Walks from dependant to dependency among what Kahn's algorithm left over: each walk ends where nothing is left to wait for, or comes round.
 * What was walked is done with, so all walks together take one look at each edge.
 */
function findCycles(dependsOn: readonly (readonly number[])[], left: Set<number>): number[][] {
  const cycles: number[][] = [];
  for (const start of left) {
    const path: number[] = [];
    const positions = new Map<number, number>();
    let at: number | undefined = start;
    while (at !== undefined && !positions.has(at)) {
      positions.set(at, path.length);
      path.push(at);
      at = dependsOn[at]?.find((dependency) => left.has(dependency));
    }
    // Told from dependency to dependant it reads as the order of work.
    if (at !== undefined) cycles.push([...path.slice(positions.get(at)), at].reverse());
    for (const walked of path) left.delete(walked);
  }
  return cycles;
}
