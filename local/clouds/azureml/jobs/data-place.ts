import { existsSync, statSync } from "node:fs";
import { basename } from "node:path";
import { copyTree } from "./copy-tree.ts";
import { moveFiles } from "./move-files.ts";

/** Where data of a job lies, a file or a folder: on this machine, or in a storage account that is reached over the network. */
export interface DataPlace {
  /** As errors show it. */
  readonly shown: string;
  /** Last part of its path. */
  readonly name: string;
  /** Its path, where it lies on this machine: a mount is then the thing itself. */
  readonly path: string | undefined;
  exists(): Promise<boolean>;
  isFolder(): Promise<boolean>;
  /** Copies what is there to a free path of this machine; whoever writes to the copy does not change the original. */
  download(to: string): Promise<void>;
  /**
   * Moves a file of this machine, or every file of a folder, there. Links are followed within `within`. May be done again when it was cut short.
   * @returns What was left out, as paths below `from`.
   */
  upload(from: string, within: string): Promise<string[]>;
}

export function localPlace(path: string): DataPlace {
  return {
    shown: path,
    name: basename(path),
    path,
    exists: async () => existsSync(path),
    isFolder: async () => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false,
    download: (to) => copyTree(path, to),
    upload: (from, within) => moveFiles(from, path, within),
  };
}
