import { StoreError, type StoreTrouble } from "../../ports/documents.ts";

/**
 * What the file system said as a {@link StoreError} that names the way out; anything else comes back as it is. `at`: the path on this machine, for
 * whoever runs it; `name`: what the caller calls it, for messages that a caller gets.
 */
export function toStoreError(error: unknown, at: string, name = at): unknown {
  const say = (kind: StoreError["kind"], message: string, trouble?: StoreTrouble) =>
    new StoreError(kind, message, { cause: error, ...(trouble && { trouble }) });
  switch (errnoOf(error)) {
    case "ENOSPC":
    case "EDQUOT":
      return say("unavailable", `there is no room on the disk for ${at}; free some space, nothing else is needed`, "disk-full");
    case "EFBIG":
      return say("unavailable", `${at} would be longer than this user's files may be; raise the limit (ulimit -f)`);
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return say("unavailable", `${at} may not be written or read by this user; correct its permissions`, "not-writable");
    case "EMFILE":
    case "ENFILE":
      return say("busy", `too many files are open to reach ${at}; try again, or raise the limit (ulimit -n)`);
    case "EIO":
      return say("unavailable", `the disk reported an error at ${at}; see that it is healthy`, "disk-failing");
    case "ENAMETOOLONG":
      return say("invalid-key", `${name} has a part that is longer than this file system takes (255 bytes mostly)`);
    case "ENOTDIR":
    case "EISDIR":
    case "ENOTEMPTY":
    case "EEXIST":
      return say("invalid-key", `${name} cannot be both a file and a folder; choose another path`);
    case "EXDEV":
      return say("unavailable", `${at} lies on another disk than the state folder; a datastore's folder must be on the same one`);
    default:
      return error;
  }
}

/** The system's name of an error (`ENOENT`), where it is one of the system's. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Whether the error says that there is nothing at a path. */
export function isAbsent(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === "ENOENT" || errno === "ENOTDIR";
}
