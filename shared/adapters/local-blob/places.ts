import { lstat, mkdir, readdir, realpath } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { CatalogName, isSafeRelativePath } from "../../domain/ids.ts";
import type { BlobRef } from "../../ports/blob-store.ts";
import { StoreError } from "../../ports/documents.ts";
import { errnoOf, isAbsent } from "./file-error.ts";

/**
 * Which file a blob is. A datastore is a folder that people may put symbolic links into: a link is followed as long as it stays in the datastore
 * and refused when it leads out, for reading as for writing, so that no path of a caller reaches what its owner did not put there. (A folder
 * swapped for a link between the check and its use is not guarded against: only who owns the files could do that.)
 */
export class Places {
  readonly #folderOf: (datastore: string) => string;
  /** Whether the file system takes `A` for `a`; then spelling is compared here, since a blob's name is exact everywhere else. */
  readonly #ignoresCase: boolean;

  constructor(folderOf: (datastore: string) => string, ignoresCase: boolean) {
    this.#folderOf = folderOf;
    this.#ignoresCase = ignoresCase;
  }

  /** The datastore's folder. @throws {StoreError} `invalid-key` for what cannot be a datastore's name. */
  folder(datastore: string): string {
    if (!CatalogName.safeParse(datastore).success) {
      throw new StoreError("invalid-key", `${JSON.stringify(datastore)} cannot be a datastore: letters, digits, '-' and '_'`);
    }
    return this.#folderOf(datastore);
  }

  /** Path of the file, links not followed. @throws {StoreError} `invalid-key`. */
  plain(ref: BlobRef): string {
    if (!isSafeRelativePath(ref.path) || ref.path.length > 1024) {
      throw new StoreError(
        "invalid-key",
        `${JSON.stringify(ref.path.slice(0, 300))} is not a path in a datastore: 1 to 1,024 characters, '/' between parts of 255 bytes at the most, no '..', '.', '\\', empty part or control character`,
      );
    }
    return join(this.folder(ref.datastore), ref.path);
  }

  /** Where the blob or folder really lies, every link followed; undefined when there is nothing. @throws {StoreError} `invalid-key` when a link leads out. */
  async existing(ref: BlobRef): Promise<string | undefined> {
    return this.#find(ref, this.plain(ref));
  }

  /** The blob's own name in its real folder, whether or not something has it; undefined when there is no such folder. */
  async named(ref: BlobRef): Promise<{ file: string; folder: string } | undefined> {
    const plain = this.plain(ref);
    const folder = await this.#find(ref, dirname(plain));
    return folder === undefined ? undefined : { folder, file: join(folder, basename(plain)) };
  }

  /**
   * Where to put a blob: its own name in its real folder, which is made if it is missing. A link of that very name is replaced, not followed.
   * `changed`: folders that get a new entry by this.
   */
  async forWriting(ref: BlobRef): Promise<{ file: string; changed: string[] }> {
    const plain = this.plain(ref);
    const { root, made } = await makeFolder(this.folder(ref.datastore));
    const { real, missing } = await deepestExisting(dirname(plain));
    assertInside(root, real, ref);
    const folder = join(real, ...missing);
    if (missing.length > 0) await mkdir(folder, { recursive: true });
    const file = join(folder, basename(plain));
    if (this.#ignoresCase && (await exists(file)) && !(await isSpelledSo(root, relative(root, file)))) {
      throw new StoreError(
        "invalid-key",
        `${ref.path} differs only in case from a file that is there, which this file system cannot keep apart`,
      );
    }
    return { file, changed: [...made, ...missing.map((_, i) => join(real, ...missing.slice(0, i))), folder] };
  }

  async #find(ref: BlobRef, plain: string): Promise<string | undefined> {
    try {
      const root = await realpath(this.folder(ref.datastore));
      const real = await realpath(plain);
      assertInside(root, real, ref);
      const spelledSo = !this.#ignoresCase || (await isSpelledSo(root, relative(this.folder(ref.datastore), plain)));
      return spelledSo ? real : undefined;
    } catch (error) {
      if (isAbsent(error) || errnoOf(error) === "ELOOP") return undefined;
      throw error;
    }
  }
}

/** Compares names letter by letter, part by part. */
async function isSpelledSo(root: string, path: string): Promise<boolean> {
  let folder = root;
  for (const part of path.split(sep)) {
    if (part !== "" && !(await readdir(folder)).includes(part)) return false;
    folder = join(folder, part);
  }
  return true;
}

async function makeFolder(folder: string): Promise<{ root: string; made: string[] }> {
  try {
    return { root: await realpath(folder), made: [] };
  } catch (error) {
    if (!isAbsent(error)) throw error;
    await mkdir(folder, { recursive: true });
    return { root: await realpath(folder), made: [dirname(folder)] };
  }
}

function assertInside(root: string, real: string, ref: BlobRef): void {
  const way = relative(root, real);
  if (way === ".." || way.startsWith(`..${sep}`)) {
    throw new StoreError(
      "invalid-key",
      `${JSON.stringify(ref.path)} leaves datastore ${ref.datastore} by a symbolic link; copy what it points to into the datastore`,
    );
  }
}

/** The nearest folder above or at a path that exists, links followed, and the parts below it that do not. */
async function deepestExisting(path: string): Promise<{ real: string; missing: string[] }> {
  const missing: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    try {
      return { real: await realpath(at), missing };
    } catch (error) {
      if (errnoOf(error) !== "ENOENT" || at === dirname(at)) throw error;
      missing.unshift(basename(at));
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
