import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, readlinkSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..");
let clone: string;

/** A clone with the scripts and nothing to build, and an npm that empties node_modules as `npm ci` does and installs nothing. */
beforeEach(async () => {
  clone = await mkdtemp(join(tmpdir(), "penstock-bootstrap-"));
  await mkdir(join(clone, "scripts"));
  await cp(join(ROOT, "scripts", "bootstrap.mjs"), join(clone, "scripts", "bootstrap.mjs"));
  await writeFile(join(clone, "scripts", "build.mjs"), "export async function buildIfStale() {}\n");
  await writeFile(join(clone, "package-lock.json"), "{}");
  await mkdir(join(clone, "bin"));
  await writeFile(
    join(clone, "bin", "npm"),
    `#!/bin/sh\necho "$@" >> ${clone}/npm-calls\nif [ "$1" = ci ]; then rm -rf node_modules; mkdir -p node_modules/.bin; fi\n`,
  );
  await chmod(join(clone, "bin", "npm"), 0o755);
});
afterEach(() => rm(clone, { recursive: true, force: true }));

function bootstrap(...args: string[]) {
  const env: NodeJS.ProcessEnv = { PATH: `${join(clone, "bin")}:${process.env["PATH"]}` };
  return spawnSync(process.execPath, [join(clone, "scripts", "bootstrap.mjs"), ...args], { cwd: clone, env, encoding: "utf8" });
}
function npmCalls(): number {
  return Number(spawnSync("sh", ["-c", `wc -l < ${clone}/npm-calls`], { encoding: "utf8" }).stdout);
}

describe("bootstrap", () => {
  test("installs once for a start, once more for what tests need, and then never again", () => {
    for (const args of [[], [], ["--dev"], ["--dev"], []]) expect(bootstrap(...args).status).toBe(0);

    expect(npmCalls()).toBe(2);
  });

  test("keeps a Node of its own in use although the second install empties node_modules, and runs on it by then", async () => {
    await mkdir(join(clone, ".node", "node_modules", ".bin"), { recursive: true });
    await symlink(process.execPath, join(clone, ".node", "node_modules", ".bin", "node"));

    bootstrap();
    bootstrap("--dev");

    const link = join(clone, "node_modules", ".bin", "node");
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(existsSync(link)).toBe(true);
    expect(readlinkSync(link)).toContain(".node");
  });

  test("says what to do when the install fails", async () => {
    await writeFile(join(clone, "bin", "npm"), "#!/bin/sh\nexit 1\n");

    const { status, stderr } = bootstrap();

    expect(status).toBe(1);
    expect(stderr).toContain("Check that this machine reaches its npm registry");
  });
});
