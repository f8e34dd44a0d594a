import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const FULL = "/dev/full";

/** Runs a module's function in a process of its own, whose standard error is `stderr`. */
function called(file: string, call: string, stderr: number | "pipe") {
  const script = `import(${JSON.stringify(fileURLToPath(new URL(`../../${file}`, import.meta.url)))}).then((m) => { m.${call}; console.log("goes on"); })`;
  const flags = ["--experimental-transform-types", "--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script];
  return spawnSync(process.execPath, flags, { stdio: ["ignore", "pipe", stderr], encoding: "utf8" });
}

describe.each([
  ["local/clouds/log-line.ts", 'logLine("what happened")'],
  ["local/workspace/print-error.ts", 'printError("what happened")'],
])("%s", (file, call) => {
  test("writes one line to standard error", () => {
    expect(called(file, call, "pipe")).toMatchObject({ stdout: "goes on\n", stderr: "what happened\n" });
  });

  test("loses the line where there is no room for it, and ends nothing", ({ skip }) => {
    skip(!existsSync(FULL), `this system has no ${FULL}`);
    const full = openSync(FULL, "w");

    const { stdout } = called(file, call, full);

    closeSync(full);
    expect(stdout).toBe("goes on\n");
  });
});
