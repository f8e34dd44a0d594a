import { isAbsolute, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { userError } from "../http/arm-error.ts";
import type { BlobAccount } from "./blob-account.ts";
import { blobPlace } from "./blob-place.ts";
import { type DataPlace, localPlace } from "./data-place.ts";

const DATASTORE_URI =
  /^azureml:\/\/(?:subscriptions\/[^/]+\/resource[gG]roups\/[^/]+\/(?:providers\/[^/]+\/)?workspaces\/[^/]+\/)?datastores\/([^/]+)\/paths\/(.*)$/;

/** Finds the places that the URIs of jobs name, by their scheme: on this machine, or in the datastores' storage account. Refuses what lies outside the datastores. */
export class DataPaths {
  readonly #datastores: Readonly<Record<string, string>>;
  readonly #roots: readonly string[];
  readonly #account: BlobAccount | undefined;

  /** @param account Holds the datastores as containers; then no URI of this machine's files is taken. */
  constructor(datastores: Readonly<Record<string, string>>, allowedRoots: readonly string[], account?: BlobAccount) {
    this.#datastores = datastores;
    this.#account = account;
    this.#roots = [...Object.values(datastores), ...allowedRoots].map((root) => resolve(root));
  }

  /** The folder of a datastore. */
  root(datastore: string): string {
    const root = this.#datastores[datastore];
    if (root === undefined) throw new Error(`No folder is given for the datastore ${datastore}`);
    return resolve(root);
  }

  /**
   * @param field What the URI was read from, for the error.
   * @throws {ArmError} 400 for a kind of URI that a laptop cannot reach, an unknown datastore or a path that leaves it.
   */
  place(uri: string, field: string): DataPlace {
    const [, name, path] = DATASTORE_URI.exec(uri) ?? [];
    if (this.#account) return inAccount(this.#account, uri, name, path, field);
    if (name !== undefined && path !== undefined) return localPlace(this.#inDatastore(uri, name, path, field));
    if (uri.startsWith("file:")) return localPlace(this.#file(uri, field));
    throw refused(
      field,
      `'${uri}' cannot be reached from here: give azureml://datastores/<name>/paths/<path> or a file:/// URI in a datastore's folder`,
    );
  }

  #inDatastore(uri: string, name: string, path: string, field: string): string {
    const root = this.#datastores[name];
    if (root === undefined) {
      throw refused(field, `'${uri}' names the datastore '${name}'; known are ${Object.keys(this.#datastores).join(", ")}`);
    }
    const full = resolve(root, `./${path}`);
    if (!lies(full, resolve(root))) throw refused(field, `'${uri}' leads out of the datastore '${name}'`);
    return full;
  }

  #file(uri: string, field: string): string {
    let path: string;
    try {
      path = resolve(fileURLToPath(uri));
    } catch (error) {
      throw refused(field, `'${uri}' is not a file URI: ${(error as Error).message}`);
    }
    if (!this.#roots.some((root) => lies(path, root))) {
      throw refused(field, `'${uri}' lies in no datastore's folder: copy the data into one, or register its folder as a datastore`);
    }
    return path;
  }
}

function inAccount(account: BlobAccount, uri: string, name: string | undefined, path: string | undefined, field: string): DataPlace {
  if (name !== undefined && path !== undefined) return blobPlace(account, name, path);
  const prefix = `${account.endpoint}/`;
  const [container, ...rest] = uri.startsWith(prefix) ? uri.slice(prefix.length).split("/") : [];
  if (container && rest.length > 0) return blobPlace(account, container, decoded(rest.join("/"), uri, field));
  throw refused(
    field,
    `'${uri}' cannot be reached from here: give azureml://datastores/<name>/paths/<path> or ${account.endpoint}/<container>/<path>`,
  );
}

function decoded(path: string, uri: string, field: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw refused(field, `'${uri}' is not encoded as a URL is`);
  }
}

function lies(path: string, root: string): boolean {
  const way = relative(root, path);
  return way !== ".." && !way.startsWith("../") && !isAbsolute(way) && !path.includes("\0");
}

function refused(field: string, message: string) {
  return userError(400, "BadArgument", `${field}: ${message}`, field);
}
