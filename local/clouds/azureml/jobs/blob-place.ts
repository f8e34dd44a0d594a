import { lstatSync, readdirSync } from "node:fs";
import { basename, join, relative } from "node:path";
import type { BlobAccount } from "./blob-account.ts";
import type { DataPlace } from "./data-place.ts";
import { moveFiles } from "./move-files.ts";

/** Data in a container, which a job works on as a copy: what is mounted is downloaded before, and what it writes is uploaded after. */
export function blobPlace(account: BlobAccount, container: string, path: string): DataPlace {
  const name = path.replace(/\/+$/, "");
  const below = name === "" ? "" : `${name}/`;
  const isFolder = async () => (await account.names(container, below, 1)).length > 0;
  return {
    shown: `${account.endpoint}/${container}/${name}`,
    name: basename(name),
    path: undefined,
    isFolder,
    exists: async () => (await isFolder()) || (name !== "" && (await account.has(container, name))),
    download: async (to) => {
      if (await isFolder()) await account.downloadFolder(container, below, to);
      else await account.downloadFile(container, name, to);
    },
    upload: async (from, within) => {
      if (!lstatSync(from).isDirectory()) {
        await account.uploadFile(container, name, from);
        return [];
      }
      // Gathered first: links become what they point to, and what is none of the job's is left out.
      const gathered = `${from}.gathered`;
      const leftOut = await moveFiles(from, gathered, within);
      await account.uploadFiles(container, filesBelow(gathered, below));
      return leftOut;
    },
  };
}

/** Every file of a folder, by its path there behind `prefix`. */
export function filesBelow(folder: string, prefix: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map(({ parentPath, name }) => {
      const file = join(parentPath, name);
      return [prefix + relative(folder, file), file];
    }),
  );
}
