import { expectedOf, type ProbePlan } from "../probe-plans.ts";
import type { World } from "../world.ts";

export function checkProbe(world: World, probe: ProbePlan): void {
  const row = world.instances.instance(probe.id);
  if (!row) {
    if (world.promised.has(probe.id)) world.violated("start-kept", `the start of ${probe.id} was acknowledged, and it is gone`);
    return;
  }
  if (probe.kind === "walker") {
    const expected = JSON.stringify(expectedOf(probe.ops));
    if (row.output !== expected) world.violated("probe-answers", `${probe.id} answers ${row.output} instead of ${expected}`);
    return;
  }
  const got = JSON.parse(row.output ?? "[]") as number[];
  for (let item = 0; item < probe.items; item++) {
    const times = got.filter((one) => one === item).length;
    const raised = world.raised.get(`${probe.id} ${item}`) ?? 0;
    if (times < 1 || times > raised)
      world.violated("events-once", `${probe.id} got item ${item} ${times} times, and it was raised ${raised} times`);
  }
}
