import { UserError } from "../../sdk/user-error.ts";

/** Primary result codes, https://sqlite.org/rescode.html. */
const [BUSY, LOCKED, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB] = [5, 6, 10, 11, 13, 14, 26];

/** SQLite's primary result code, where it was SQLite that failed. */
function resultCode(error: unknown): number | undefined {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
}

export function isBusy(error: unknown): boolean {
  const code = resultCode(error);
  return code === BUSY || code === LOCKED;
}

/** Says of which database SQLite speaks, or which copy of it, as its own messages name no file. Anything else as it is. */
export function databaseError(error: unknown, from: string, to: string): unknown {
  const code = resultCode(error);
  if (!(error instanceof Error) || code === undefined) return error;
  const conflict = (message: string, remedy: string) =>
    new UserError("conflict", `${message} (${error.message})`, { remedy, cause: error });
  if (isBusy(error)) return conflict(`the database ${from} is held by another program`, "end that program, then take the backup");
  if (code === CORRUPT || code === NOTADB) return damagedDatabase(from, error.message, error);
  if (code === FULL) return conflict(`the disk of ${to} is full`, "make room on that disk, or name a folder on another");
  if (code === IOERR) return conflict(`${from} cannot be copied to ${to}`, "look whether the disks of both can be read and written");
  if (code === CANTOPEN)
    return conflict(`the database ${from} cannot be opened, or ${to} not be written`, "give this user the right to both");
  return conflict(`the database ${from} cannot be copied to ${to}`, "look whether it can be read, and the other be written");
}

export function damagedDatabase(file: string, why: string, cause?: unknown): UserError {
  return new UserError("conflict", `the database ${file} is damaged: ${why}`, {
    remedy: "restore a backup to another folder, or move it away, with the -wal and -shm beside it, to begin it anew",
    cause,
  });
}
