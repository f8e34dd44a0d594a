import { describe, expect, test } from "vitest";
import { SyncLevel } from "../../../bench/watch/sync-level.ts";

describe("SyncLevel", () => {
  test("counts a transaction when it is ended, not when it is begun or written to", () => {
    const level = new SyncLevel();

    expect(level.syncsOf("BEGIN IMMEDIATE", false)).toBe(0);
    expect(level.syncsOf("INSERT INTO rows VALUES (?)", true)).toBe(0);
    expect(level.syncsOf("COMMIT", true)).toBe(1);
  });

  test("counts a write that is a transaction of its own, and no read", () => {
    const level = new SyncLevel();

    expect(level.syncsOf("INSERT INTO rows VALUES (1)", false)).toBe(1);
    expect(level.syncsOf("SELECT * FROM rows", false)).toBe(0);
  });

  test("counts nothing below the level FULL, and one commit that was raised to it", () => {
    const level = new SyncLevel();
    level.syncsOf("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL", false);

    expect(level.syncsOf("COMMIT", true)).toBe(0);
    expect(
      level.syncsOf("PRAGMA synchronous = FULL; BEGIN IMMEDIATE; UPDATE syncs SET n = n + 1; COMMIT; PRAGMA synchronous = NORMAL", false),
    ).toBe(1);
    expect(level.syncsOf("COMMIT", true)).toBe(0);
  });

  test("counts nothing for what is undone", () => {
    const level = new SyncLevel();

    expect(level.syncsOf("BEGIN; INSERT INTO rows VALUES (1); ROLLBACK", false)).toBe(0);
    expect(level.syncsOf("ROLLBACK", true)).toBe(0);
  });
});
