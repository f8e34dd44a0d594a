import { expect, test } from "vitest";
import { DATABASE_VERSION } from "../../../cli/backup/backup-format.ts";
import { databaseError } from "../../../cli/backup/database-error.ts";
import { diskError } from "../../../cli/backup/disk-error.ts";
import { openDatabase } from "../../../shared/adapters/sqlite/open-database.ts";

test("a full disk is told of by the folder that was to be written, whether a file or the database finds no room", () => {
  const ofFile = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  const ofDatabase = Object.assign(new Error("database or disk is full"), { code: "ERR_SQLITE_ERROR", errcode: 13 });

  expect(() => diskError(ofFile, "/mnt/copy")).toThrow("/mnt/copy cannot be written: ENOSPC");
  expect(databaseError(ofDatabase, "/state/penstock.db", "/mnt/copy")).toMatchObject({
    message: "the disk of /mnt/copy is full (database or disk is full)",
    remedy: "make room on that disk, or name a folder on another",
  });
});

test("a backup knows the version of database that the app makes", () => {
  const database = openDatabase(":memory:");

  const made = database.prepare("PRAGMA user_version").get();
  database.close();

  expect(made).toEqual({ user_version: DATABASE_VERSION });
});
