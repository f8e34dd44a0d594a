import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, onTestFinished, test } from "vitest";
import { lockStateFolder, StateInUseError } from "../../../local/host/state-lock.ts";

setFlagsFromString("--expose_gc");
const collectGarbage = runInNewContext("gc") as () => void;

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "penstock-lock-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("a state folder is held until it is given back", () => {
  const folder = aFolder();
  const release = lockStateFolder(folder);

  expect(() => lockStateFolder(folder)).toThrow(StateInUseError);
  release();
  lockStateFolder(folder)();
});

test("a state folder is held although nobody keeps what gives it back", () => {
  const folder = aFolder();
  (() => void lockStateFolder(folder))();

  for (let times = 0; times < 3; times++) collectGarbage();

  expect(() => lockStateFolder(folder)).toThrow(StateInUseError);
});
