import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readSnapshot, type SnapshotOptions } from "../../sdk/snapshot.ts";
import { TemporaryFolder } from "./temporary-folder.ts";

const LIMITS = { snapshotBytes: 1024 * 1024, snapshotFiles: 100 };
const snapshot = (folder: TemporaryFolder, options: Partial<SnapshotOptions> = {}) =>
  readSnapshot(folder.path, { limits: LIMITS, ...options });
const paths = (folder: TemporaryFolder, options: Partial<SnapshotOptions> = {}) =>
  snapshot(folder, options).manifest.files.map(({ path }) => path);

describe("readSnapshot", () => {
  test("lists files with size, mode and hash, sorted by path, under an id that is theirs alone", () => {
    using folder = new TemporaryFolder();
    folder.write({ "b.py": "two", "a/x.sh": "one", "Z.txt": "" });
    chmodSync(folder.join("a/x.sh"), 0o755);

    const first = snapshot(folder);
    folder.write({ "b.py": "tow" });
    const second = snapshot(folder);

    expect(first.manifest.files).toEqual([
      { path: "Z.txt", size: 0, mode: "644", sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
      { path: "a/x.sh", size: 3, mode: "755", sha256: "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed" },
      { path: "b.py", size: 3, mode: "644", sha256: "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3" },
    ]);
    expect(first.id).toMatch(/^[0-9a-f]{64}$/);
    expect(second.id).not.toBe(first.id);
  });

  test("goes by .amlignore alone when there is a .gitignore as well", () => {
    using folder = new TemporaryFolder();
    folder.write({
      ".amlignore": "data/\n*.log\n!keep.log\n",
      ".gitignore": "*.py\n",
      "a.py": "",
      "a.log": "",
      "keep.log": "",
      "data/x": "",
    });

    expect(paths(folder)).toEqual([".amlignore", ".gitignore", "a.py", "keep.log"]);
  });

  test("goes by .gitignore when there is no .amlignore, and by the one in the folder only", () => {
    using folder = new TemporaryFolder();
    folder.write({
      ".gitignore": "/out\n**/tmp/*.csv\n",
      "out/x": "",
      "a/out/x": "",
      "a/tmp/b.csv": "",
      "a/.gitignore": "*\n",
      "a/b.txt": "",
    });

    expect(paths(folder)).toEqual([".gitignore", "a/.gitignore", "a/b.txt", "a/out/x"]);
  });

  test("an empty .amlignore keeps what .gitignore leaves out", () => {
    using folder = new TemporaryFolder();
    folder.write({ ".amlignore": "", ".gitignore": "*.csv\n", "x.csv": "" });

    expect(paths(folder)).toContain("x.csv");
  });

  test("never takes .git, a state folder or an excluded folder, whatever the ignore file says", () => {
    using folder = new TemporaryFolder();
    folder.write({
      ".amlignore": "!.git\n!.penstock\n",
      ".git/config": "",
      "a/.penstock/workspace.json": "",
      "state/workspace.json": "",
      "a.py": "",
    });

    expect(paths(folder, { exclude: [folder.join("state")] })).toEqual([".amlignore", "a.py"]);
  });

  test("leaves __pycache__ out unless the ignore file takes it back", () => {
    using folder = new TemporaryFolder();
    folder.write({ "a.py": "", "__pycache__/a.pyc": "" });

    const before = paths(folder);
    folder.write({ ".amlignore": "!__pycache__\n" });
    const after = paths(folder);

    expect(before).toEqual(["a.py"]);
    expect(after).toEqual([".amlignore", "__pycache__/a.pyc", "a.py"]);
  });

  test("keeps names of any script, as they are", () => {
    using folder = new TemporaryFolder();
    folder.write({ "données/été.py": "1", "模型/训练.py": "2", "😀 x.py": "3" });

    expect(paths(folder)).toEqual(["données/été.py", "模型/训练.py", "😀 x.py"]);
  });

  test("follows links that stay inside", () => {
    using folder = new TemporaryFolder();
    folder.write({ "lib/a.py": "one" });
    symlinkSync("lib", folder.join("link"));
    symlinkSync("lib/a.py", folder.join("b.py"));

    const { manifest } = snapshot(folder);

    expect(manifest.files.map(({ path }) => path)).toEqual(["b.py", "lib/a.py", "link/a.py"]);
    expect(new Set(manifest.files.map(({ sha256 }) => sha256)).size).toBe(1);
  });

  test("refuses links that leave the folder, lead nowhere, go in circles or reach what is never uploaded, all at once", () => {
    using outside = new TemporaryFolder();
    using folder = new TemporaryFolder();
    outside.write({ secret: "x" });
    folder.write({ "a/x": "", ".git/config": "" });
    symlinkSync(outside.join("secret"), folder.join("1"));
    symlinkSync("nowhere", folder.join("2"));
    symlinkSync("..", folder.join("a/3"));
    symlinkSync(".git/config", folder.join("4"));

    const reading = () => snapshot(folder);

    expect(reading).toThrowError(
      expect.objectContaining({
        kind: "usage",
        details: expect.arrayContaining([
          `"1" is a symbolic link out of the folder, to ${outside.join("secret")}`,
          '"2" is a symbolic link that leads nowhere',
          '"a/3" is a symbolic link to a folder it lies in',
          '"4" is a symbolic link to .git/config, which is never uploaded',
        ]),
      }),
    );
  });

  test("does not mind a bad link that is ignored", () => {
    using folder = new TemporaryFolder();
    folder.write({ ".amlignore": "bad\n" });
    symlinkSync("/etc", folder.join("bad"));

    expect(paths(folder)).toEqual([".amlignore"]);
  });

  test("refuses names that another machine cannot have", () => {
    using folder = new TemporaryFolder();
    folder.write({ "a\\b": "", "c\nd": "", "Case.py": "", "case.py": "" });

    expect(() => snapshot(folder)).toThrowError(
      expect.objectContaining({
        details: expect.arrayContaining([
          expect.stringContaining('"a\\\\b" cannot be the name of a file'),
          expect.stringContaining('"c\\nd" cannot be the name of a file'),
          expect.stringMatching(/"[Cc]ase\.py" and "[Cc]ase\.py" differ in upper and lower case only/),
        ]),
      }),
    );
  });

  test("passes over a pipe, and says so", () => {
    using folder = new TemporaryFolder();
    folder.write({ "a.py": "" });
    execFileSync("mkfifo", [folder.join("pipe")]);

    const { manifest, warnings } = snapshot(folder);

    expect(manifest.files).toHaveLength(1);
    expect(warnings).toEqual([`${folder.join("pipe")} is a pipe, socket or device and is not part of the snapshot`]);
  });

  test("refuses too many bytes, with the ten largest files and the lines that would help", () => {
    using folder = new TemporaryFolder();
    folder.write({ "train.py": "x" });
    mkdirSync(folder.join("data"));
    for (let index = 0; index < 12; index++) writeFileSync(folder.join(`data/${index}.bin`), "x".repeat(100_000 + index));

    const limit = { limits: { snapshotBytes: 1_000_000, snapshotFiles: 100 } };

    expect(() => snapshot(folder, limit)).toThrowError(
      expect.objectContaining({
        message: `${folder.path} is too large for a snapshot: 13 files, 1.1 MB`,
        details: [
          "a snapshot may have 100 files and 1.0 MB",
          "the largest files:",
          ...Array.from({ length: 10 }, (_, index) => `      0.1 MB  data/${11 - index}.bin`),
          "lines for .amlignore that would help:",
          "  /data/",
          "  /train.py",
        ],
      }),
    );
  });

  test("refuses too many files, with the folders that have most of them first", () => {
    using folder = new TemporaryFolder();
    folder.write({ ".gitignore": "", "large.bin": "x".repeat(1000), "a b/1": "", "a b/2": "", "a b/3": "" });

    expect(() => snapshot(folder, { limits: { snapshotBytes: 1e6, snapshotFiles: 4 } })).toThrowError(
      expect.objectContaining({ details: expect.arrayContaining(["lines for .gitignore that would help:", "  /a b/"]) }),
    );
  });
});

describe("the cache of hashes", () => {
  const OLD = new Date(Date.now() - 3_600_000);
  /** Makes files old enough for their times to vouch for them: what counts is the distance to `now`. */
  const LATER = () => Date.now() + 10_000;

  test("gives the same snapshot, and is not read for files that changed in size, time or place", () => {
    using folder = new TemporaryFolder();
    using cache = new TemporaryFolder();
    folder.write({ "a.py": "one", "b.py": "two", "c.py": "three" });
    const options = () => ({ cacheFolder: cache.path, now: LATER() });
    const first = snapshot(folder, options());
    const again = snapshot(folder, options());

    writeFileSync(folder.join("a.py"), "four");
    utimesSync(folder.join("b.py"), OLD, OLD);
    rmSync(folder.join("c.py"));
    folder.write({ "d.py": "three" });
    const changed = snapshot(folder, options());

    expect(again).toEqual(first);
    expect(changed.id).toBe(snapshot(folder).id);
    expect(changed.id).not.toBe(first.id);
  });

  test("does not trust a file that was written in the moment it was read", () => {
    using folder = new TemporaryFolder();
    using cache = new TemporaryFolder();
    folder.write({ "a.py": "one" });
    const { mtimeMs } = statSync(folder.join("a.py"));
    const options = { cacheFolder: cache.path, now: mtimeMs };
    const first = snapshot(folder, options);

    writeFileSync(folder.join("a.py"), "two");
    const second = snapshot(folder, options);

    expect(second.id).not.toBe(first.id);
    expect(second.id).toBe(snapshot(folder).id);
  });

  test("is its owner's alone, and one that is broken or cannot be written costs nothing but time", () => {
    using folder = new TemporaryFolder();
    using cache = new TemporaryFolder();
    folder.write({ "a.py": "one" });
    const cacheFolder = cache.join("deep");
    const first = snapshot(folder, { cacheFolder, now: LATER() });
    const [file = ""] = readdirSync(cacheFolder);
    const mode = statSync(cache.join("deep", file)).mode & 0o777;

    writeFileSync(cache.join("deep", file), "{");
    const broken = snapshot(folder, { cacheFolder, now: LATER() });
    const unwritable = snapshot(folder, { cacheFolder: folder.join("a.py"), now: LATER() });

    expect(mode).toBe(0o600);
    expect([broken.id, unwritable.id]).toEqual([first.id, first.id]);
  });
});
