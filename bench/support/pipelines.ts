import type { SubmitRunBody } from "../../shared/api/requests.ts";

type Steps = SubmitRunBody["pipeline"]["steps"];
export type Shape = "chain" | "fan" | "layers";

/** A step whose process is `sh` that does nothing; reuse would leave it out. */
export function shStep(
  key: string,
  runAfter: string[] = [],
  command = "true",
  environmentVariables: Record<string, string> = {},
): Steps[number] {
  return { type: "CommandStep", key, command: [command], runAfter, allowReuse: false, environmentVariables };
}

/** Steps in a row. */
export function chain(steps: number): Steps {
  return keys("s", steps).map((key, n) => shStep(key, n === 0 ? [] : [`s${n - 1}`]));
}

/** So many steps in all: one, then those beside one another, then one that waits for all of them. */
export function fan(steps: number): Steps {
  const middle = keys("m", steps - 2);
  return [shStep("first"), ...middle.map((key) => shStep(key, ["first"])), shStep("last", middle)];
}

/** Layers of a hundred, each step waiting for three of the layer before. */
export function layers(steps: number): Steps {
  const width = 100;
  return keys("l", steps).map((key, n) => {
    const layer = Math.floor(n / width) - 1;
    return shStep(key, layer < 0 ? [] : [0, 7, 13].map((shift) => `l${layer * width + ((n + shift) % width)}`));
  });
}

export function stepsOf(shape: Shape, steps: number): Steps {
  return { chain, fan, layers }[shape](steps);
}

/** Body of `POST /api/runs`. */
export function submission(steps: Steps): string {
  const body: SubmitRunBody = { experimentName: "bench", pipeline: { steps } };
  return JSON.stringify(body);
}

function keys(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${prefix}${n}`);
}
