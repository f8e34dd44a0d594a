import { StoreError, type StoreTrouble } from "../../ports/documents.ts";

/** Primary result codes, https://sqlite.org/rescode.html; an extended code has its primary one in the lowest byte. */
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;

/** What SQLite threw as a {@link StoreError} that says the way out; anything else comes back as it is. */
export function toStoreError(error: unknown, file: string): unknown {
  if (!isSqliteError(error)) return error;
  const say = (kind: StoreError["kind"], message: string, trouble?: StoreTrouble) =>
    new StoreError(kind, message, { cause: error, ...(trouble && { trouble }) });
  switch (error.errcode & 0xff) {
    case BUSY:
    case LOCKED:
      return say("busy", `the database ${file} is locked by another process; end that one or try again`);
    case FULL:
      return say("unavailable", `the disk that holds ${file} is full; free some space, nothing else is needed`, "disk-full");
    case READONLY:
      return say(
        "unavailable",
        `the database ${file} cannot be written to; give this user write access to the file and its folder`,
        "not-writable",
      );
    case CANTOPEN:
      return say(
        "unavailable",
        `the database ${file} cannot be opened; see that its folder exists and that this user may write to it and to the file`,
      );
    case IOERR:
      return say(
        "unavailable",
        `the disk that holds ${file} reported an error (${error.message}); see that it has space and is healthy`,
        "disk-failing",
      );
    case CORRUPT:
    case NOTADB:
      return say(
        "corrupt",
        `the database ${file} is damaged (${error.message}); restore a backup, or move it away, with the -wal and -shm beside it, to begin anew`,
      );
    default:
      return error;
  }
}

function isSqliteError(error: unknown): error is Error & { errcode: number } {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number";
}
