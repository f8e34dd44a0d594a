import { UserError } from "../../sdk/user-error.ts";

const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: "make room on that disk",
  EDQUOT: "make room in this user's quota",
  EROFS: "name a folder that can be written to",
  EACCES: "give this user the right to it",
  EPERM: "give this user the right to it",
  ENOTDIR: "name a folder; a file is in its way",
  ENOTEMPTY: "something was put there meanwhile: name another folder",
  EEXIST: "something was put there meanwhile: name another folder",
};

/** @throws {UserError} for what the system or SQLite refuses; anything else as it is. */
export function diskError(error: unknown): never {
  if (!(error instanceof Error) || !("code" in error)) throw error;
  const remedy = error.code === "ERR_SQLITE_ERROR" ? "free or mend the disk that holds it" : REMEDIES[String(error.code)];
  if (remedy === undefined) throw error;
  throw new UserError(error.code === "EACCES" || error.code === "EPERM" ? "forbidden" : "conflict", error.message, {
    remedy,
    cause: error,
  });
}
