import { readFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { UserError } from "../../sdk/user-error.ts";
import { azuriteRuns, lockAzurite } from "../backup/azurite-lock.ts";
import { BackedUpConfig, CONFIG_FILE, parseJson } from "../backup/backup-format.ts";
import { diskError } from "../backup/disk-error.ts";
import { existingStateFolder, runningProcess } from "../backup/state-folder.ts";
import { isVacant, makeWhole } from "../backup/whole-folder.ts";
import { writeBackup } from "../backup/write-backup.ts";
import type { CommandContext } from "../command-context.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { formatBytes } from "../format.ts";

/** `backup FOLDER`: copies a workspace, which may run meanwhile. The folder goes to stdout. */
export async function backup(context: CommandContext, target: string): Promise<ExitCode> {
  const { err, out, io } = context;
  const stateFolder = existingStateFolder(context);
  const folder = resolve(io.folder, target);
  await assertPlace(folder, stateFolder);
  err.line(`Backing up ${stateFolder} …`);
  const unlock = usesAzurite(stateFolder) ? lockAzurite(stateFolder) : () => undefined;
  const info = await makeWhole(folder, (partial) => writeBackup({ stateFolder, partial, folder }, err, io.signal))
    .catch((error: unknown) => diskError(error, folder))
    .finally(unlock);
  err.line(`Backed up ${info.files} files, ${formatBytes(info.bytes)}. It holds no keys; restore makes new ones.`);
  if (context.isJson) context.json({ folder, ...info });
  else out.line(folder);
  return EXIT.ok;
}

async function assertPlace(folder: string, stateFolder: string): Promise<void> {
  const way = relative(stateFolder, folder);
  if (way !== ".." && !way.startsWith(`..${sep}`))
    throw new UserError("usage", `${folder} lies in the state folder itself`, { remedy: "name a folder elsewhere, best on another disk" });
  if (!(await isVacant(folder)))
    throw new UserError("conflict", `${folder} is there already`, { remedy: "name a folder that is not there yet, or is empty" });
  const pid = runningProcess(stateFolder);
  if (pid !== undefined && usesAzurite(stateFolder)) throw azuriteRuns(`it runs (process ${pid}) and writes to Azurite's files`);
}

function usesAzurite(stateFolder: string): boolean {
  return BackedUpConfig.safeParse(parseJson(readFileSync(join(stateFolder, CONFIG_FILE), "utf8"))).data?.storage === "azurite";
}
