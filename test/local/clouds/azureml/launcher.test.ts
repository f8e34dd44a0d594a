import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Launcher, LauncherLostError, type LaunchOrder } from "../../../../local/clouds/azureml/jobs/launcher.ts";
import { isAlive, until } from "./workspace.ts";

let folder: string;
let launcher: Launcher;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "launcher-"));
  launcher = new Launcher(folder);
});
afterEach(async () => {
  await launcher.stop();
  rmSync(folder, { recursive: true, force: true });
});

function sh(command: string, environment: Record<string, string> = {}): LaunchOrder {
  return {
    argv: ["/bin/sh", "-c", command],
    cwd: folder,
    environment: { PATH: process.env["PATH"] ?? "", ...environment },
    log: join(folder, "log"),
  };
}

const helperId = (): number => JSON.parse(readFileSync(join(folder, "launcher.json"), "utf8")).id;
const log = () => readFileSync(join(folder, "log"), "utf8");

describe.each(["with its helper", "without one"])("a launcher %s", (how) => {
  beforeEach(async () => {
    if (how === "with its helper") await launcher.start("python3");
  });

  test("starts a process in a session, folder and environment of its own, and tells how it ends", async () => {
    const { pid, ended } = await launcher.launch(
      sh('echo "$PWD|$VALUE|$(ps -o sid= -p $$)"; cat; exit 3', { VALUE: "ünï 'quoted'\nline" }),
    );

    expect(await ended).toEqual({ kind: "exit", code: 3 });
    expect(log()).toMatch(new RegExp(`^${folder}\\|ünï 'quoted'\nline\\| *${pid}\n$`));
  });

  test("tells by which signal a process ended", async () => {
    const { ended } = await launcher.launch(sh("kill -SEGV $$"));

    expect(await ended).toEqual({ kind: "signal", name: "SIGSEGV" });
  });

  test("leaves signals as a program expects them", async () => {
    const { ended } = await launcher.launch(sh("yes | head -n 1; trap"));

    expect(await ended).toEqual({ kind: "exit", code: 0 });
    expect(log()).toBe("y\n");
  });

  test("says why a process cannot be started", async () => {
    await expect(launcher.launch(sh("true", { LARGE: "x".repeat(200_000) }))).rejects.toThrow("E2BIG");
    await expect(launcher.launch({ ...sh("true"), argv: ["/no/such/program"] })).rejects.toThrow("ENOENT");
  });

  test("tells the ends of many apart", async () => {
    const codes = Array.from({ length: 30 }, (_, index) => index);

    const processes = await Promise.all(codes.map((code) => launcher.launch(sh(`exit ${code}`))));

    expect(await Promise.all(processes.map(({ ended }) => ended))).toEqual(codes.map((code) => ({ kind: "exit", code })));
  });
});

describe("a launcher's helper", () => {
  test("ends with the launcher, and what it started runs on", async () => {
    await launcher.start("python3");
    const helper = helperId();
    const { pid } = await launcher.launch(sh("exec sleep 600"));

    await launcher.stop();

    expect(await isAlive(helper)).toBe(false);
    expect(await isAlive(pid)).toBe(true);
    process.kill(pid, "SIGKILL");
  });

  test("may be killed: who waits is told that nothing is known, and Node starts the next process", async () => {
    await launcher.start("python3");
    const { pid, ended } = await launcher.launch(sh("exec sleep 600"));

    process.kill(helperId(), "SIGKILL");
    const end = await ended;
    const next = await launcher.launch(sh("exit 4"));

    expect(end).toEqual({ kind: "unknown" });
    expect(await next.ended).toEqual({ kind: "exit", code: 4 });
    process.kill(pid, "SIGKILL");
  });

  test("that is killed while it starts a process leaves it open whether it did", async () => {
    await launcher.start("python3");
    process.kill(helperId(), "SIGSTOP");
    const launched = launcher.launch(sh("true"));

    process.kill(helperId(), "SIGKILL");

    await expect(launched).rejects.toThrow(LauncherLostError);
  });

  test("is waited for by the next launcher", async () => {
    await launcher.start("python3");
    const helper = helperId();
    let over = false;
    const next = new Launcher(folder).waitForPredecessor().then(() => {
      over = true;
    });
    await until(() => isAlive(helper));
    const before = over;

    process.kill(helper, "SIGKILL");
    await next;

    expect(before).toBe(false);
  });

  test("waits for nobody where the note of one before was cut short", async () => {
    writeFileSync(join(folder, "launcher.json"), '{"id":4711,"sta');

    await new Launcher(folder).waitForPredecessor();
    await launcher.start("python3");

    expect(helperId()).not.toBe(4711);
  });
});

test("a helper that cannot be noted down ends, and processes are started without it", async () => {
  mkdirSync(join(folder, "launcher.json.new"));

  await expect(launcher.start("python3")).rejects.toThrow("EISDIR");
  const { ended } = await launcher.launch(sh("exit 4"));

  expect(await ended).toEqual({ kind: "exit", code: 4 });
  await until(() => !execFileSync("ps", ["-o", "args=", "--ppid", String(process.pid)], { encoding: "utf8" }).includes("posix_spawn"));
});
