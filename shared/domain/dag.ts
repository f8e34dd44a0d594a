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
   * @returns the graph, or the indexes on one cycle, first and last the same.
   */
  static of(dependsOn: readonly (readonly number[])[]): Dag | { cycle: number[] } {
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
    return { cycle: findCycle(dependsOn, (index) => (waitsFor[index] ?? 0) > 0) };
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

/** Every index left over by Kahn's algorithm waits for another one left over: following those must come round. */
function findCycle(dependsOn: readonly (readonly number[])[], isLeft: (index: number) => boolean): number[] {
  const path: number[] = [];
  const positions = new Map<number, number>();
  let at = dependsOn.findIndex((_, index) => isLeft(index));
  while (!positions.has(at)) {
    positions.set(at, path.length);
    path.push(at);
    at = dependsOn[at]?.find(isLeft) ?? at;
  }
  // The walk went from dependant to dependency; told the other way round it reads as the order of work.
  return [...path.slice(positions.get(at)), at].reverse();
}
