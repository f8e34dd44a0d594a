import { execFile } from "node:child_process";

/** How long git may take for one answer, in ms; a tree that is slower than that goes without. */
const GIT_MS = 2000;

/**
 * The properties that v1 puts on a run whose folder is in a git work tree: repository, branch, commit and whether it has changes.
 * None, and no error, where there is no git or no work tree.
 */
export async function gitProperties(folder: string): Promise<Record<string, string>> {
  const commit = await git(folder, ["rev-parse", "HEAD"]);
  if (commit === undefined) return {};
  const [url, branch, changes] = await Promise.all([
    git(folder, ["ls-remote", "--get-url"]),
    git(folder, ["symbolic-ref", "--short", "HEAD"]),
    git(folder, ["status", "--porcelain", "."]),
  ]);
  // Without a remote, git prints the name of the one it would have used.
  const repository = url === undefined || url === "origin" ? undefined : withoutCredentials(url);
  return {
    ...(repository && { "azureml.git.repository_uri": repository, "mlflow.source.git.repoURL": repository }),
    ...(branch && { "azureml.git.branch": branch, "mlflow.source.git.branch": branch }),
    "azureml.git.commit": commit,
    "mlflow.source.git.commit": commit,
    ...(changes !== undefined && { "azureml.git.dirty": changes === "" ? "False" : "True" }),
  };
}

/** A repository's address without a password, and over HTTP without a user name, which may be a token just as well. */
export function withoutCredentials(url: string): string {
  const match = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)@([^/?#@]*.*)$/is.exec(url);
  if (!match) return url;
  const [, scheme = "", user = "", rest = ""] = match;
  const name = user.split(":", 1)[0] ?? "";
  return /^https?:/i.test(scheme) || name === "" ? scheme + rest : `${scheme}${name}@${rest}`;
}

function git(folder: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = {
      cwd: folder,
      timeout: GIT_MS,
      killSignal: "SIGKILL" as const,
      maxBuffer: 64 * 1024 * 1024,
      // Nothing is to be asked, locked or written for the sake of a look.
      env: { ...process.env, GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" },
    };
    execFile("git", ["-c", "core.fsmonitor=false", ...args], options, (error, stdout) => resolve(error ? undefined : stdout.trim()));
  });
}
