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
        `${JSON.stringify(ref.path.slice(0, 300))} is not a path in a datastore: 1 to 1,024 characters, '/' between parts, no '..', '.', '\\', empty part or control character`,
      );
    }
    return join(this.folder(ref.datastore), ref.path);
  }

  /** Where the blob really lies, every link followed; undefined when there is nothing. @throws {StoreError} `invalid-key` when a link leads out. */
  async existing(ref: BlobRef): Promise<string | undefined> {
    const plain = this.plain(ref);
    try {
      const root = await realpath(this.folder(ref.datastore));
      const real = await realpath(plain);
      assertInside(root, real, ref);
      return (await this.#isSpelledSo(root, ref.path)) ? real : undefined;
    } catch (error) {
      if (isAbsent(error) || errnoOf(error) === "ELOOP") return undefined;
      throw error;
    }
  }

  /**
   * Where to put a blob: its name in the real folder, which is made if it is missing. A link of that very name is replaced, not followed.
   * `made`: folders that got a new entry.
   */
  async forWriting(ref: BlobRef): Promise<{ file: string; folder: string; made: string[] }> {
    const plain = this.plain(ref);
    await mkdir(this.folder(ref.datastore), { recursive: true });
    const root = await realpath(this.folder(ref.datastore));
    const { real, missing } = await deepestExisting(dirname(plain));
    assertInside(root, real, ref);
    const folder = join(real, ...missing);
    if (missing.length > 0) await mkdir(folder, { recursive: true });
    const file = join(folder, basename(plain));
    if (this.#ignoresCase && (await exists(file)) && !(await this.#isSpelledSo(root, ref.path))) {
      throw new StoreError("invalid-key", `${ref.path} differs only in case from a file that is there, which this file system cannot keep apart`);
    }
    return { file, folder, made: missing.map((_, i) => join(real, ...missing.slice(0, i))) };
  }

  async #isSpelledSo(root: string, path: string): Promise<boolean> {
    if (!this.#ignoresCase) return true;
    let folder = root;
    for (const part of path.split("/")) {
      if (!(await readdir(folder)).includes(part)) return false;
      folder = join(folder, part);
    }
    return true;
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
