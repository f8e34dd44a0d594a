import { getWorkspace } from "../../shared/api/routes/catalog.ts";
import { listRuns } from "../../shared/api/routes/runs.ts";
import type { CommandContext } from "../command-context.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { formatTime } from "../format.ts";
import { printFields } from "../table.ts";

/** `status`: which workspace is found, and that it answers. The token is in the JSON alone, for scripts. */
export async function status(context: CommandContext): Promise<ExitCode> {
  const workspace = context.workspace();
  const client = context.client();
  const { name, version, defaultCompute, defaultDatastore, limits } = (await client.call(getWorkspace, {})).body;
  const { stateFolder, file, url: address } = workspace;
  if (context.isJson) {
    const local = { stateFolder: stateFolder ?? null, pid: file?.pid ?? null, startedAt: file?.startedAt ?? null };
    context.json({ address, token: workspace.token(), ...local, name, version, defaultCompute, defaultDatastore, limits });
    return EXIT.ok;
  }
  const running = (await client.call(listRuns, { query: { status: "Running", limit: 1000 } })).body.runs.length;
  printFields(context.out, [
    ["workspace", name],
    ["address", address],
    ["version", version],
    ["state", stateFolder ?? ""],
    ["process", file === undefined ? "" : String(file.pid)],
    ["since", formatTime(file?.startedAt)],
    ["running", `${running} ${running === 1 ? "run" : "runs"}`],
  ]);
  return EXIT.ok;
}
