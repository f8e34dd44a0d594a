import { type FSWatcher, watch } from "node:fs";
import { basename, join } from "node:path";
import { platform } from "node:process";

/**
 * Tells of every path below a folder that may have changed. macOS watches a tree by itself; elsewhere each folder has a watch of its
 * own, which its keeper adds, since Node's own way to watch a tree there takes one for each file as well.
 */
export class FolderWatch {
  private readonly root: string;
  private readonly onChange: (path: string) => void;
  /** By path below the root. `inode` tells a folder from one of the same name that was made after it. */
  private readonly watchers = new Map<string, { inode: bigint; watcher: FSWatcher }>();
  private readonly watchesTrees = platform === "darwin";

  /** @param onChange Gets a path below the root; "" when it is not known what changed. */
  constructor(root: string, onChange: (path: string) => void) {
    this.root = root;
    this.onChange = onChange;
  }

  /** Watches a folder, "" for the root. @throws {Error} `ENOSPC` or `EMFILE` when the system has no more watches to give. */
  add(folder: string, inode: bigint): void {
    if (this.watchesTrees && folder !== "") return;
    if (this.watchers.get(folder)?.inode === inode) return;
    this.watchers.get(folder)?.watcher.close();
    const watcher = watch(join(this.root, folder), { recursive: this.watchesTrees }, (_, name) => this.pass(folder, watcher, name));
    watcher.on("error", () => this.remove(folder));
    this.watchers.set(folder, { inode, watcher });
  }

  /** Lets go of a folder that is gone, and of those that were below it. */
  remove(folder: string): void {
    if (!this.watchers.has(folder)) return;
    for (const [path, { watcher }] of this.watchers) {
      if (path !== folder && !path.startsWith(`${folder}/`)) continue;
      watcher.close();
      this.watchers.delete(path);
    }
  }

  /**
   * A watched folder that is deleted or moved says so by its own name, and its watch is dead from then on; a folder made in its place
   * may even get its inode. So the watch is let go, and whoever looks at the folder next adds another.
   */
  private pass(folder: string, watcher: FSWatcher, name: string | null): void {
    if (!this.watchesTrees && name === basename(join(this.root, folder))) {
      watcher.close();
      if (this.watchers.get(folder)?.watcher === watcher) this.watchers.delete(folder);
      this.onChange(folder);
    }
    this.onChange(name === null ? folder : folder === "" ? name : `${folder}/${name}`);
  }

  close(): void {
    for (const { watcher } of this.watchers.values()) watcher.close();
    this.watchers.clear();
  }
}
