import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { gitProperties, withoutCredentials } from "../../sdk/git.ts";
import { TemporaryFolder } from "./temporary-folder.ts";

function git(folder: TemporaryFolder, ...args: string[]): string {
  const identity = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"];
  return execFileSync("git", [...identity, ...args], { cwd: folder.path, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
}

function aRepository(): TemporaryFolder {
  const folder = new TemporaryFolder();
  folder.write({ "a.py": "1" });
  git(folder, "init", "-q", "-b", "main");
  git(folder, "add", ".");
  git(folder, "commit", "-qm", "first");
  return folder;
}

describe("gitProperties", () => {
  test("gives v1's properties of a work tree, the repository without its password", async () => {
    using folder = aRepository();
    git(folder, "remote", "add", "origin", "https://me:token@example.org/team/code.git");

    const properties = await gitProperties(folder.path);

    const commit = git(folder, "rev-parse", "HEAD");
    expect(properties).toEqual({
      "azureml.git.repository_uri": "https://example.org/team/code.git",
      "mlflow.source.git.repoURL": "https://example.org/team/code.git",
      "azureml.git.branch": "main",
      "mlflow.source.git.branch": "main",
      "azureml.git.commit": commit,
      "mlflow.source.git.commit": commit,
      "azureml.git.dirty": "False",
    });
  });

  test("says that there are changes, leaves out what there is not", async () => {
    using folder = aRepository();
    git(folder, "checkout", "-q", "--detach");
    folder.write({ "b.py": "new" });

    const properties = await gitProperties(folder.path);

    expect(Object.keys(properties).sort()).toEqual(["azureml.git.commit", "azureml.git.dirty", "mlflow.source.git.commit"]);
    expect(properties["azureml.git.dirty"]).toBe("True");
  });

  test("gives nothing, and no error, outside a work tree and before the first commit", async () => {
    using plain = new TemporaryFolder();
    using empty = new TemporaryFolder();
    git(empty, "init", "-q");

    expect(await gitProperties(plain.path)).toEqual({});
    expect(await gitProperties(empty.path)).toEqual({});
    expect(await gitProperties(plain.join("nowhere"))).toEqual({});
  });
});

describe("withoutCredentials", () => {
  test.each([
    ["https://user:secret@host/x.git", "https://host/x.git"],
    ["https://token@host/x.git", "https://host/x.git"],
    ["https://a:b@c@host/x.git", "https://host/x.git"],
    ["ssh://git:secret@host:22/x.git", "ssh://git@host:22/x.git"],
    ["git@host:team/x.git", "git@host:team/x.git"],
    ["https://host/x@y.git", "https://host/x@y.git"],
    ["/local/path", "/local/path"],
  ])("makes %s %s", (url, expected) => {
    expect(withoutCredentials(url)).toBe(expected);
  });
});
