import { existsSync, type FSWatcher, watch } from "node:fs";
import { basename, dirname, relative, sep } from "node:path";

/** Notices may get lost (a network disk, too many watches), so one looks this often all the same. */
const LOOK_AGAIN_MS = 1000;

/**
 * Resolves once `isChanged` answers true, or at `signal`. It is asked at once, and again whenever the file system tells that something happened
 * to `file` or to the nearest folder above it that exists.
 */
export async function watchFile(file: string, isChanged: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  const watching = new NearestFolder(file);
  try {
    while (!signal.aborted) {
      const told = watching.next(signal); // before looking, so that nothing falls in between
      if (await isChanged()) return;
      await told;
    }
  } finally {
    watching.close();
  }
}

class NearestFolder {
  readonly #file: string;
  #watched = "";
  #watcher: FSWatcher | undefined;
  #told = false;
  #wake: () => void = () => undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** Resolves at the next notice, after {@link LOOK_AGAIN_MS}, or at `signal`. */
  next(signal: AbortSignal): Promise<void> {
    this.#watchNearest();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake(), LOOK_AGAIN_MS);
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        this.#told = false;
        resolve();
      };
      this.#wake = done;
      signal.addEventListener("abort", done, { once: true });
      if (this.#told || signal.aborted) done();
    });
  }

  close(): void {
    this.#watcher?.close();
    this.#wake();
  }

  #watchNearest(): void {
    let folder = dirname(this.#file);
    while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder);
    if (folder === this.#watched) return;
    this.#watcher?.close();
    this.#watched = folder;
    const below = relative(folder, this.#file).split(sep)[0] ?? basename(this.#file);
    try {
      this.#watcher = watch(folder, { persistent: false }, (_, name) => {
        if (name === null || name === below) this.#notice();
      });
      this.#watcher.on("error", () => this.#notice());
    } catch {
      this.#watcher = undefined; // no watches left, say: looking again each second has to do
    }
  }

  #notice(): void {
    this.#told = true;
    this.#wake();
  }
}
