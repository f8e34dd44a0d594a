import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Role } from "./role.ts";

const ROW = "x".repeat(500);

/** Rows of 500 bytes into SQLite (WAL, `synchronous = FULL`), a commit each: what being durable costs alone. Answers milliseconds. */
export async function openInserts([folder = ""]: readonly string[]): Promise<Role> {
  return async ({ rows }: { rows: number }): Promise<number> => {
    const file = join(folder, "inserts.db");
    const db = new DatabaseSync(file);
    try {
      db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE rows (id INTEGER PRIMARY KEY, body TEXT)");
      const insert = db.prepare("INSERT INTO rows (body) VALUES (?)");
      const began = performance.now();
      for (let n = 0; n < rows; n++) insert.run(ROW);
      return performance.now() - began;
    } finally {
      db.close();
      for (const suffix of ["", "-wal", "-shm"]) rmSync(`${file}${suffix}`, { force: true });
    }
  };
}
