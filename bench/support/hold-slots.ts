import type { RunResource, StepList } from "../../shared/api/resources.ts";
import { shStep, submission } from "./pipelines.ts";
import { waitUntil } from "./wait-until.ts";
import { type BenchWorkspace, SLOTS } from "./workspace.ts";

/** Fills the compute with steps that sleep, so that everything else that is submitted waits in its queue. They end with the workspace. */
export async function holdSlots({ http }: BenchWorkspace): Promise<void> {
  const steps = Array.from({ length: SLOTS }, (_, n) => shStep(`hold${n}`, [], "exec sleep 86400"));
  const { id } = await http.json<RunResource>("POST", "/api/runs", submission(steps));
  await waitUntil(
    async () => {
      const list = await http.json<StepList>("GET", `/api/runs/${id}/steps`);
      return list.steps.every(({ status }) => status === "Running") || undefined;
    },
    "the compute to be full",
    { everyMs: 50 },
  );
}
