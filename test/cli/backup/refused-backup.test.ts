import { readdir, readFile, writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { lockState } from "../../../local/clouds/state-lock.ts";
import { TemporaryFolder } from "../../sdk/temporary-folder.ts";
import { Penstock } from "../run-penstock.ts";
import { aWorkspaceIn } from "./backed-up.ts";

let penstock: Penstock;
let folder: TemporaryFolder;
beforeAll(async () => {
  penstock = await Penstock.build();
});
afterAll(() => penstock[Symbol.dispose]());
beforeEach(() => {
  folder = new TemporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());
const backUp = () => penstock.run(["backup", "copy", "--state", "state"], { cwd: folder.path });

test("a database of a newer release is refused, by its format", async () => {
  await aWorkspaceIn(folder.join("state"), {});
  const database = new DatabaseSync(folder.join("state/app/penstock.db"));
  database.exec("PRAGMA user_version = 2");
  database.close();

  const { code, stderr } = await backUp();

  expect(code).toBe(5);
  expect(stderr).toMatch(
    /penstock\.db was written by a newer Penstock \(it has format 2, this release knows up to 1\).*\n.*update Penstock/,
  );
  expect(await readdir(folder.path)).toEqual(["state"]);
});

test("a damaged database is named, with the way out", async () => {
  await aWorkspaceIn(folder.join("state"), {});
  const file = folder.join("state/app/penstock.db");
  const database = new DatabaseSync(file);
  const insert = database.prepare("INSERT INTO documents VALUES (?, 'x', 'e', ?)");
  for (let row = 0; row < 200; row++) insert.run(`p${row}`, "b".repeat(500));
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
  const bytes = await readFile(file);
  await writeFile(file, bytes.fill(0xa5, 3 * 4096, 12 * 4096));

  const { code, stderr } = await backUp();

  expect(code).toBe(5);
  expect(stderr).toContain(`the database ${file} is damaged`);
  expect(stderr).toMatch(/restore a backup to another folder, or move it away/);
  expect(await readdir(folder.path)).toEqual(["state"]);
});

test("Azurite's files are not copied while its process lives, whatever became of the workspace's, and are afterwards without its port and key", async () => {
  const secrets = { clientSecret: "one", stepTokenKey: "two", storageKey: "dGhyZWU=" };
  const ports = { port: 1, standInsPort: 2, azuritePort: 3 };
  await aWorkspaceIn(folder.join("state"), { "azurite/blobs.json": "{}" }, { storage: "azurite", ...secrets, ...ports });
  const azurite = lockState(folder.join("state/azurite"));

  const meanwhile = await backUp();
  azurite.release();
  const afterwards = await backUp();
  const config: object = JSON.parse(await readFile(folder.join("copy/state/config.json"), "utf8"));

  expect(meanwhile).toMatchObject({ code: 5, stderr: expect.stringContaining("Azurite still runs on its files") });
  expect(afterwards).toMatchObject({ code: 0, stdout: `${folder.join("copy")}\n` });
  expect(config).toEqual({ stateVersion: 1, storage: "azurite" });
  expect(await readdir(folder.join("copy/state/azurite"))).toEqual(["blobs.json"]);
});
