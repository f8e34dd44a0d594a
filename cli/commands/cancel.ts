import { UserError } from "../../sdk/user-error.ts";
import { cancelRun } from "../../shared/api/routes/runs.ts";
import type { CommandContext } from "../command-context.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { resolveRun } from "../resolve-run.ts";

/** `run cancel RUN`: asks a pipeline run to stop. */
export async function cancel(context: CommandContext, reference: string): Promise<ExitCode> {
  const client = context.client();
  const run = await resolveRun(client, reference);
  if (run.kind !== "pipelineRun") {
    const remedy = run.parentRunId === undefined ? undefined : `${context.command} run cancel ${run.parentRunId}`;
    throw new UserError(
      "usage",
      `${run.id} is a ${run.kind}: only a whole pipeline run can be canceled`,
      remedy === undefined ? {} : { remedy },
    );
  }
  const canceled = (await client.call(cancelRun, { params: { runId: run.id } }, { idempotent: true })).body;
  if (context.isJson) context.json(canceled);
  else context.out.line(`${canceled.id}\t${canceled.status}`);
  return EXIT.ok;
}
