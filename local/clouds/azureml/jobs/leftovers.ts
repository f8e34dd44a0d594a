import { MARKER_VARIABLE } from "./job-environment.ts";
import { ProcessTree } from "./process-tree.ts";
import { processTable } from "./processes.ts";

/** Jobs that end soon after one another share one look through the system's processes. */
const GATHER_MILLISECONDS = 200;

/** Ends what ended jobs left running, daemons included: in Azure their container goes with the command. */
export class Leftovers {
  readonly #gathered = new Map<string, () => void>();
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();

  /** Calls `swept` when nothing that carries the marker is left. */
  add(marker: string, swept: () => void): void {
    this.#gathered.set(marker, swept);
    this.#timer ??= setTimeout(() => void this.sweep(), GATHER_MILLISECONDS).unref();
  }

  /** Does it now. */
  sweep(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const gathered = [...this.#gathered];
    this.#gathered.clear();
    this.#sweeping = this.#sweeping.then(() => sweep(gathered));
    return this.#sweeping;
  }
}

async function sweep(gathered: readonly [string, () => void][]): Promise<void> {
  const all = await processTable.list();
  const ofJobs = await processTable.carrying(`${MARKER_VARIABLE}=`, all);
  const candidates = all.filter(({ id }) => ofJobs.has(id));
  for (const [marker, swept] of gathered) {
    const left = candidates.length > 0 && (await processTable.carrying(marker, candidates)).size > 0;
    if (!left || (await new ProcessTree(marker).kill()) === 0) swept();
  }
}
