import { readdirSync, readFileSync } from "node:fs";

/** The most that each process of a workspace has held in memory, in MiB. */
export interface Peaks {
  host: number;
  standIns: number;
}

const SAMPLE_MS = 100;

/**
 * Watches the resident memory of the host and of the stand-ins, which are its child, by the kernel's own high-water marks. Elsewhere than on
 * Linux there are none, and nothing is measured.
 */
export class Memory {
  readonly #host: number;
  readonly #peaks: Peaks = { host: 0, standIns: 0 };
  readonly #timer: NodeJS.Timeout;

  constructor(hostPid: number) {
    this.#host = hostPid;
    // A process that ends takes its mark along.
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS).unref();
  }

  close(): Peaks {
    this.#sample();
    clearInterval(this.#timer);
    return this.#peaks;
  }

  #sample(): void {
    this.#peaks.host = Math.max(this.#peaks.host, peakOf(this.#host));
    for (const pid of childrenOf(this.#host)) {
      if (isStandIns(pid)) this.#peaks.standIns = Math.max(this.#peaks.standIns, peakOf(pid));
    }
  }
}

function peakOf(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
}

function childrenOf(pid: number): number[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.flatMap((thread) => read(`/proc/${pid}/task/${thread}/children`).split(" ").filter(Boolean).map(Number));
  } catch {
    return [];
  }
}

function isStandIns(pid: number): boolean {
  return read(`/proc/${pid}/cmdline`).includes("clouds");
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
