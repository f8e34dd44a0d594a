import { mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import type { Arm, Orders, Role } from "../arms.ts";
import { ROLES } from "../arms.ts";

// The originals: this module is loaded before they are replaced.
const fs = { openSync, readFileSync, renameSync, writeFileSync, writeSync };

/**
 * Numbers the durable writes of this process and kills it at the one it was told. A point's name is stable from run to run: role, kind,
 * the file's name without what is random in it, and which one of that name it is.
 */
export class Points {
  readonly #orders: Orders;
  readonly #role: Role;
  readonly #state: string;
  readonly #seen = new Map<string, number>();
  readonly #record: number;
  /** Whether what happens now belongs to a point that was counted. */
  #inside = false;

  constructor(orders: Orders, role: Role) {
    this.#orders = orders;
    this.#role = role;
    this.#state = resolve(orders.state);
    mkdirSync(orders.control, { recursive: true });
    const pidFile = join(orders.control, `${role}.pid`);
    fs.writeFileSync(`${pidFile}.new`, String(process.pid));
    fs.renameSync(`${pidFile}.new`, pidFile);
    this.#record = fs.openSync(join(orders.control, `${role}.points`), "a");
  }

  /** Whether the armed point is torn, so that where the disk stands is worth watching. */
  get tears(): boolean {
    return this.#orders.arm?.mode === "torn";
  }

  /** From 0 up to 1. */
  get cut(): number {
    return this.#orders.arm?.cut ?? 0;
  }

  /** Does a write. `tear` does a part of it, after which nothing follows. */
  around<T>(kind: string, path: string | undefined, act: () => T, tear?: (act: () => T) => void): T {
    const fires = this.#count(kind, path, tear !== undefined);
    if (!fires) return this.#do(act);
    const { mode } = fires;
    if (mode === "before") this.#kill();
    if (mode === "torn") this.#do(() => tear?.(act));
    const result = mode === "torn" ? undefined : this.#do(act);
    if (mode !== "before") this.#kill();
    return result as T;
  }

  /** {@link around} for what answers later. */
  async aroundAsync<T>(kind: string, path: string | undefined, act: () => Promise<T>, tear?: () => Promise<unknown>): Promise<T> {
    const fires = this.#count(kind, path, tear !== undefined);
    if (!fires) return await act();
    const { mode } = fires;
    if (mode === "before") this.#kill();
    const result = await (mode === "torn" ? tear?.() : act());
    if (mode !== "before") this.#kill();
    return result as T;
  }

  #do<T>(act: () => T): T {
    const before = this.#inside;
    this.#inside = true;
    try {
      return act();
    } finally {
      this.#inside = before;
    }
  }

  #count(kind: string, path: string | undefined, tears: boolean): { mode: string } | undefined {
    if (this.#inside || path === undefined) return undefined;
    const below = relative(this.#state, resolve(path));
    if (below === "" || below.startsWith(`..${sep}`) || below.startsWith("logs")) return undefined;
    const name = `${this.#role}/${kind}/${stableName(below)}`;
    const occurrence = (this.#seen.get(name) ?? 0) + 1;
    this.#seen.set(name, occurrence);
    const point = `${name}#${occurrence}`;
    fs.writeSync(this.#record, `${point}${tears ? " torn" : ""}\n`);
    const arm = this.#orders.arm;
    return arm?.point === point && this.#canKill(arm) && this.#claim() ? arm : undefined;
  }

  /** One kill a case, whichever process of whichever start comes to it first. */
  #claim(): boolean {
    try {
      fs.openSync(join(this.#orders.control, "fired"), "wx");
      return true;
    } catch {
      return false;
    }
  }

  /** The other process may not have started yet. */
  #canKill({ victims }: Arm): boolean {
    return victims !== "other" || this.#pidOfOther() !== undefined;
  }

  /** Returns only where this process is not the one to be killed. */
  #kill(): void {
    const victims = this.#orders.arm?.victims;
    const other = this.#pidOfOther();
    if (victims !== "one" && other !== undefined) signalKill(other);
    if (victims !== "other") signalKill(process.pid);
  }

  #pidOfOther(): number | undefined {
    const other = ROLES.find((role) => role !== this.#role);
    try {
      const pid = Number(fs.readFileSync(join(this.#orders.control, `${other}.pid`), "utf8"));
      return pid > 1 ? pid : undefined; // 0 would be everybody in the group
    } catch {
      return undefined;
    }
  }
}

function signalKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It is gone already.
  }
}

/** The last part of a path with an asterisk for each id; of a part that has no letters of its own, the one above too. */
function stableName(path: string): string {
  const parts = path
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "*")
    .replaceAll(/[0-9a-f]{16,}/g, "*")
    .split(sep);
  return parts.slice(/[a-z]/i.test(parts.at(-1) ?? "") ? -1 : -2).join("~");
}
