import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { WORKSPACE_FILE } from "../../shared/api/workspace-file.ts";
import { type Arm, ORDERS_VARIABLE, type Orders, ROLES } from "./arms.ts";
import type { Point, Scenario } from "./case.ts";
import { type Finding, wrong } from "./finding.ts";
import { CASE_MS, until } from "./patience.ts";
import { FOLDER_VARIABLE } from "./pipelines.ts";

const START_MS = 60_000;
/** So few that steps of the fan-out have to wait. */
const NODES = "2";

/** A workspace as `npm start` makes it, kept up by starting it again whenever it dies. */
export class Workspace {
  readonly stateFolder: string;
  readonly control: string;
  readonly #dist: string;
  readonly #folder: string;
  readonly #port: number;
  readonly #findings: Finding[];
  #child: ChildProcess | undefined;
  #output = "";
  #ending = false;
  #starts = 0;
  #keeping: Promise<void> = Promise.resolve();
  #broken: Error | undefined;

  constructor({ dist, folder, port, findings }: { dist: string; folder: string; port: number; findings: Finding[] }) {
    this.stateFolder = join(folder, "state");
    this.control = join(folder, "control");
    this.#dist = dist;
    this.#folder = folder;
    this.#port = port;
    this.#findings = findings;
    mkdirSync(this.control, { recursive: true });
  }

  /** Whether the kill has come. */
  get fired(): boolean {
    return existsSync(join(this.control, "fired"));
  }

  get starts(): number {
    return this.#starts;
  }

  /** Starts it, with the preload if told, and from then on starts it again without when it ends. Resolves when it answers. */
  async keepUp(how: "plain" | { arm?: Arm }): Promise<void> {
    this.#ending = false;
    this.#keeping = this.#keep(how);
    this.#keeping.catch((error: Error) => {
      this.#broken = error;
    });
    await until(() => this.assertUp() ?? (this.#isReady() || undefined), "the workspace", CASE_MS, 15);
  }

  /** @throws {Error} once it has been given up. */
  assertUp(): undefined {
    if (this.#broken) throw this.#broken;
  }

  /** Kills host and stand-ins, and starts nothing again. */
  async kill(): Promise<void> {
    this.#ending = true;
    this.#child?.kill("SIGKILL");
    await this.#keeping;
  }

  /** Ctrl-C. @returns false when the kill came meanwhile. */
  async stop(): Promise<boolean> {
    const before = this.fired;
    this.#ending = true;
    const child = this.#child;
    child?.kill("SIGINT");
    await this.#keeping;
    if (this.fired !== before) return false;
    if (child && child.exitCode !== 0)
      this.#findings.push(wrong(`after Ctrl-C the workspace ended with ${child.exitCode ?? child.signalCode}`));
    return true;
  }

  /** Points seen so far, in order; `already` are left out. */
  points(scenario: Scenario, already: ReadonlySet<string> = new Set()): Point[] {
    const lines = ROLES.flatMap((role) => read(join(this.control, `${role}.points`)).split("\n"));
    return lines.flatMap((line) => {
      const [name = "", torn] = line.split(" ");
      return name === "" || already.has(name) ? [] : [{ scenario, name, tears: torn !== undefined }];
    });
  }

  async #keep(how: "plain" | { arm?: Arm }): Promise<void> {
    let orders = how === "plain" ? undefined : { control: this.control, state: this.stateFolder, ...how };
    for (let tries = 0; !this.#ending; ) {
      const child = this.#spawn(orders);
      const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      const late = setTimeout(() => this.#isReady() || child.kill("SIGKILL"), START_MS);
      await ended;
      clearTimeout(late);
      const isOurs = this.#ending || (orders?.arm !== undefined && this.fired);
      orders = undefined;
      if (isOurs) continue;
      this.#findings.push(
        wrong(`the workspace ended by itself (${child.exitCode ?? child.signalCode}): ${this.#output.trim().slice(-500)}`),
      );
      if (++tries === 3) throw new Error("the workspace does not stay up");
    }
  }

  #spawn(orders: Orders | undefined): ChildProcess {
    this.#starts++;
    this.#output = "";
    const preload = orders && {
      NODE_OPTIONS: `--import=${pathToFileURL(join(this.#dist, "test", "chaos", "preload.js")).href}`,
      [ORDERS_VARIABLE]: JSON.stringify(orders),
    };
    const child = spawn(
      process.execPath,
      [
        "--disable-warning=ExperimentalWarning",
        join(this.#dist, "local", "start.js"),
        ...["--state", this.stateFolder, "--port", String(this.#port), "--no-sample"],
      ],
      {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, NO_COLOR: "1", PENSTOCK_LOCAL_NODES: NODES, [FOLDER_VARIABLE]: this.#folder, ...preload },
      },
    );
    const hear = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString("utf8")).slice(-4000);
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    this.#child = child;
    return child;
  }

  #isReady(): boolean {
    const pid = this.#child?.pid;
    return pid !== undefined && read(join(this.stateFolder, WORKSPACE_FILE)).includes(`"pid": ${pid},`) && isAlive(this.#child);
  }
}

function isAlive(child: ChildProcess | undefined): boolean {
  return child !== undefined && child.exitCode === null && child.signalCode === null;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
