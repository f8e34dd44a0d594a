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
/** Of a write that fails the system names no file. */
const WITHOUT_NAME = ["ENOSPC", "EDQUOT"];

/**
 * @param folder what was to be written.
 * @throws {UserError} for what the system refuses; anything else as it is.
 */
export function diskError(error: unknown, folder: string): never {
  if (!(error instanceof Error) || !("code" in error)) throw error;
  const code = String(error.code);
  const remedy = REMEDIES[code];
  if (remedy === undefined) throw error;
  throw new UserError(
    code === "EACCES" || code === "EPERM" ? "forbidden" : "conflict",
    WITHOUT_NAME.includes(code) ? `${folder} cannot be written: ${error.message}` : error.message,
    { remedy, cause: error },
  );
}
