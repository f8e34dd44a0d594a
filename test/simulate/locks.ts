import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockStateFolder } from "../../local/host/state-lock.ts";

/**
 * Tries the one thing that lies outside of a simulated world: who holds a state folder. A process of its own takes it and is killed; while it
 * lives nobody else gets the folder, and after its death the next one does.
 * @param holder a program and its arguments which take the folder that stands behind them, say so in a line, and wait.
 * @returns what is wrong; nothing when all is well.
 */
export async function checkLocks(holder: readonly [string, ...string[]]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "penstock-lock-"));
  const [program, ...given] = holder;
  const child = spawn(program, [...given, folder], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
    const faults = canLock(folder) ? ["two hosts hold one state folder"] : [];
    if (child.exitCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    if (!canLock(folder)) faults.push("a killed host still holds its state folder");
    return faults;
  } finally {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Takes the folder and waits to be killed. */
export function holdLock(folder: string): void {
  lockStateFolder(folder);
  console.log("held");
  setInterval(() => {}, 60_000);
}

function canLock(folder: string): boolean {
  try {
    lockStateFolder(folder)();
    return true;
  } catch {
    return false;
  }
}
