import type { Mutant } from "./mutant.ts";

export const lockOfTheDead: Mutant = {
  name: "lock-of-the-dead",
  fault: "the state folder is locked by a folder in it, which a killed host leaves behind",
  edits: [
    {
      file: "local/host/state-lock.ts",
      find: 'import { mkdirSync, readFileSync, writeFileSync } from "node:fs";',
      replace: 'import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";',
    },
    {
      file: "local/host/state-lock.ts",
      find: `  const lock = new DatabaseSync(join(stateFolder, "host.lock"), { timeout: 0 });
  try {
    lock.exec("BEGIN EXCLUSIVE");`,
      replace: `  const path = join(stateFolder, "host.lock");
  const lock = { close: () => {} };
  try {
    mkdirSync(path);
    lock.close = () => rmdirSync(path);`,
    },
  ],
};
