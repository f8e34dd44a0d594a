import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { run } from "../../support/workspace.ts";
import { type Arm, ORDERS_VARIABLE, type Orders } from "../arms.ts";

/** Stands for a host: it says what it has done, so that a test sees how far it came. */
const PROGRAM = `
import { linkSync, mkdirSync, openSync, fsyncSync, writeSync, writeFileSync, renameSync, rmSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
const state = process.argv[2];
const say = (what) => writeSync(1, what + "\\n");
mkdirSync(state + "/folder", { recursive: true });
mkdirSync(state + "/folder", { recursive: true });
writeFileSync(state + "/text.json", "0123456789");
renameSync(state + "/text.json", state + "/named.json"); say("renamed");
const handle = await open(state + "/handle.bin", "w");
await handle.writeFile(Buffer.from("abcdefghij"));
await handle.sync();
await handle.close();
await rename(state + "/handle.bin", state + "/11112222-3333-4444-8555-666677778888"); say("moved");
const db = new DatabaseSync(state + "/rows.db");
db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
db.exec("CREATE TABLE rows (n)");
const insert = db.prepare("INSERT INTO rows VALUES (?)");
insert.run(1); say("one");
const lazy = new DatabaseSync(state + "/lazy.db");
lazy.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE rows (n)");
lazy.exec("PRAGMA synchronous = FULL; BEGIN IMMEDIATE; INSERT INTO rows VALUES (1); COMMIT; PRAGMA synchronous = NORMAL");
lazy.exec("BEGIN IMMEDIATE; INSERT INTO rows VALUES (2); COMMIT");
db.exec("BEGIN IMMEDIATE"); insert.run(2); insert.run(3); db.exec("COMMIT"); say("three");
`;

let root: string;
let dist: string;
let folder: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "penstock-preload-"));
  dist = join(root, "dist");
  await build({
    entryPoints: [join(import.meta.dirname, "main.ts")],
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: join(dist, "preload.mjs"),
  });
  mkdirSync(join(dist, "local"));
  writeFileSync(join(root, "package.json"), '{"type":"module"}');
  writeFileSync(join(dist, "local", "start.js"), PROGRAM);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => {
  folder = mkdtempSync(join(root, "case-"));
});

async function start(arm?: Arm): Promise<{ said: string[]; state: string; points: string[]; fired: boolean }> {
  const [state, control] = [join(folder, "state"), join(folder, "control")];
  mkdirSync(state, { recursive: true });
  const orders: Orders = { state, control, ...(arm && { arm }) };
  const { stdout } = await run(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      `--import=${pathToFileURL(join(dist, "preload.mjs")).href}`,
      join(dist, "local", "start.js"),
      state,
    ],
    { env: { [ORDERS_VARIABLE]: JSON.stringify(orders) } },
  );
  const points = readFileSync(join(control, "host.points"), "utf8").trim().split("\n");
  return { said: stdout.trim().split("\n").filter(Boolean), state, points, fired: existsSync(join(control, "fired")) };
}
function kill(point: string, mode: Arm["mode"], cut = 0.5): Promise<Awaited<ReturnType<typeof start>>> {
  return start({ point, mode, victims: "one", cut });
}
function rowsOf(state: string, file = "rows.db"): number[] {
  const db = new DatabaseSync(join(state, file));
  try {
    expect(db.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
    return db
      .prepare("SELECT n FROM rows")
      .all()
      .map((row) => Number(row["n"]));
  } finally {
    db.close();
  }
}

describe("the preload", () => {
  test("numbers every durable write by a name without what is random, and says which can be torn", async () => {
    const { points, said } = await start();

    expect(said).toEqual(["renamed", "moved", "one", "three"]);
    expect(points).toEqual([
      "host/mkdir/folder#1",
      "host/write/text.json#1 torn",
      "host/rename/named.json#1",
      "host/write/handle.bin#1 torn",
      "host/sync/handle.bin#1",
      "host/rename/*#1",
      "host/make-log/rows.db#1 torn",
      "host/write/rows.db#1 torn",
      "host/write/rows.db#2 torn",
      "host/make-log/lazy.db#1 torn",
      "host/sync/lazy.db#1 torn",
      "host/commit/lazy.db#1 torn",
      "host/commit/rows.db#1 torn",
    ]);
  });

  test("kills before a write and after it", async () => {
    const before = await kill("host/rename/named.json#1", "before");
    expect(readdirSync(before.state)).toContain("text.json");

    folder = mkdtempSync(join(root, "case-"));
    const after = await kill("host/rename/named.json#1", "after");
    expect(readdirSync(after.state)).toContain("named.json");
    expect(after.said).toEqual([]);
  });

  test("tears a file in half, also one written by its handle", async () => {
    const text = await kill("host/write/text.json#1", "torn");
    expect(readFileSync(join(text.state, "text.json"), "utf8")).toBe("01234");

    folder = mkdtempSync(join(root, "case-"));
    const bytes = await kill("host/write/handle.bin#1", "torn");
    expect(readFileSync(join(bytes.state, "handle.bin"), "utf8")).toBe("abcde");
  });

  test("kills around a commit", async () => {
    const before = await kill("host/commit/rows.db#1", "before");
    expect(rowsOf(before.state)).toEqual([1]);

    folder = mkdtempSync(join(root, "case-"));
    const after = await kill("host/commit/rows.db#1", "after");
    expect(rowsOf(after.state)).toEqual([1, 2, 3]);
    expect(after.said).toEqual(["renamed", "moved", "one"]);
  });

  test.each([0, 0.1, 0.5, 0.9, 0.9999])("tears a commit at %d of its log and leaves those before it whole", async (cut) => {
    const torn = await kill("host/commit/rows.db#1", "torn", cut);

    expect(rowsOf(torn.state)).toEqual([1]);
    expect(torn.said).toEqual(["renamed", "moved", "one"]);
  });

  test("takes from the other databases what was not waited for, and nothing else", async () => {
    const lazy = await kill("host/commit/rows.db#1", "torn");
    expect(rowsOf(lazy.state, "lazy.db")).toEqual([1]);

    folder = mkdtempSync(join(root, "case-"));
    const other = await kill("host/commit/lazy.db#1", "torn");
    expect(rowsOf(other.state)).toEqual([1]);
    expect(rowsOf(other.state, "lazy.db")).toEqual([1]);
  });

  test("kills the other process and goes on, and passes while there is none", async () => {
    const other = spawn(process.execPath, ["-e", "setTimeout(() => {}, 600_000)"]);
    const ended = new Promise((resolve) => other.once("exit", (_, signal) => resolve(signal)));
    const arm: Arm = { point: "host/rename/named.json#1", mode: "before", victims: "other", cut: 0 };
    const alone = await start(arm);
    expect(alone.fired).toBe(false);
    rmSync(alone.state, { recursive: true });
    writeFileSync(join(folder, "control", "stand-ins.pid"), String(other.pid));

    const { said, fired } = await start(arm);

    expect(fired).toBe(true);
    expect(said).toContain("three");
    expect(await ended).toBe("SIGKILL");
  });

  test("kills once: the next start passes the point", async () => {
    await kill("host/rename/named.json#1", "before");

    const again = await kill("host/rename/named.json#1", "before");

    expect(again.fired).toBe(true);
    expect(again.said).toEqual(["renamed", "moved", "one", "three"].slice(0, again.said.length));
    expect(again.said).toContain("renamed");
  });
});
