import { DatabaseSync } from "node:sqlite";

/**
 * Opens a database and sets it up; what goes wrong names the file and the way out.
 * @throws {Error} also what `setUp` throws where that says all there is to say.
 */
export function openDatabase(file: string, setUp: (database: DatabaseSync) => void): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file);
    setUp(database);
    return database;
  } catch (cause) {
    database?.close();
    throw cause instanceof Error && "errcode" in cause ? readable(cause, file) : cause;
  }
}

/** Primary result codes, https://sqlite.org/rescode.html: CORRUPT and NOTADB; BUSY and LOCKED are its callers' to tell. */
function readable(cause: Error & { errcode?: unknown }, file: string): Error {
  const code = Number(cause.errcode) & 0xff;
  if (code === 5 || code === 6) return cause;
  const way = [11, 26].includes(code)
    ? "it is damaged: restore a backup, or move it away, with the -wal and -shm beside it, to begin it anew"
    : "make room on its disk, and give this user write access to it";
  return new Error(`${file} cannot be used (${cause.message}); ${way}`, { cause });
}
