import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CODE_ID, TestWorkspace } from "./workspace.ts";

const workspace = new TestWorkspace();
beforeAll(async () => {
  await workspace.start();
  await workspace.prepare({ "train.py": "import sys\nprint('hello', *sys.argv[1:])\n", "data/rows.csv": "a,b\n" });
});
afterAll(() => workspace.dispose());

describe("a command job", () => {
  test("runs in a copy of its snapshot and its output is the run's log", async () => {
    const details = await workspace.run("hello", { codeId: CODE_ID, command: "python train.py a 'b c' && cat data/rows.csv" });

    expect(details).toMatchObject({ runId: "hello", target: "cpu-cluster", status: "Completed", error: null });
    expect(workspace.folders.log("hello")).toBe("hello a b c\na,b\n");
    expect(Object.keys(details.logFiles)).toEqual(["user_logs/std_log.txt"]);
  });

  test("fails with its exit code", async () => {
    const details = await workspace.run("fails", { command: "echo to stderr >&2; exit 3" });

    expect(details.status).toBe("Failed");
    expect(details.error.error).toMatchObject({ code: "UserError", message: expect.stringContaining("exit code 3") });
    expect(workspace.folders.log("fails")).toBe("to stderr\n");
  });
});

test("what a job leaves in ./outputs and ./logs is kept with the run", async () => {
  await workspace.run("leaves", { command: "mkdir -p outputs/model logs; echo m > outputs/model/m.txt; echo l > logs/l.txt" });

  expect(readFileSync(workspace.folders.artifact("leaves", "outputs/model/m.txt"), "utf8")).toBe("m\n");
  expect(existsSync(workspace.folders.artifact("leaves", "logs/l.txt"))).toBe(true);
});
