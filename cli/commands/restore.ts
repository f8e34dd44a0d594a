import { resolve } from "node:path";
import { UserError } from "../../sdk/user-error.ts";
import { readBackupInfo } from "../backup/backup-format.ts";
import { diskError } from "../backup/disk-error.ts";
import { readBackup } from "../backup/read-backup.ts";
import { newStateFolder, runningProcess } from "../backup/state-folder.ts";
import { isVacant, makeWhole } from "../backup/whole-folder.ts";
import type { CommandContext } from "../command-context.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { formatBytes, formatTime } from "../format.ts";
import { shellWord } from "../shell-word.ts";

/** `restore FOLDER`: makes a state folder of a backup. Its path goes to stdout. */
export async function restore(context: CommandContext, source: string): Promise<ExitCode> {
  const { err, out, io } = context;
  const backup = resolve(io.folder, source);
  const stateFolder = newStateFolder(context);
  const info = await readBackupInfo(backup);
  const told = (error: unknown) => diskError(error, stateFolder);
  await assertVacant(stateFolder).catch(told);
  err.line(`Restoring the backup of ${formatTime(info.createdAt)} to ${stateFolder} …`);
  await makeWhole(stateFolder, (partial) => readBackup(backup, info, partial, err, io.signal)).catch(told);
  err.line(`Restored ${info.files} files, ${formatBytes(info.bytes)}, each as it was backed up.`);
  err.line(`  next    npm start -- --state ${shellWord(stateFolder)}`);
  if (context.isJson) context.json({ stateFolder, ...info });
  else out.line(stateFolder);
  return EXIT.ok;
}

async function assertVacant(stateFolder: string): Promise<void> {
  if (await isVacant(stateFolder)) return;
  const pid = runningProcess(stateFolder);
  throw new UserError(
    "conflict",
    pid === undefined ? `${stateFolder} is not empty` : `a workspace runs in ${stateFolder} (process ${pid})`,
    { remedy: "name another folder with --state, or move that one away once nothing runs in it" },
  );
}
